"""Causes of notices that no event of an award tells: deliveries, written with what happened (R-75, R-80, R-83).

Whoever is to be told, and in which words, is looked up when a cause is due, by the rules and relations of that moment.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from certcore.domain.deliveries import Delivery, delivery_id
from certcore.domain.external_notices import KINDS
from certcore.domain.history import Event, canonical
from certcore.domain.jobs import Job
from certcore.domain.notices.triggers import Trigger

STARTED: Final = "award_started"
"""The kind of cause that an event leaves which is to be told later: when the award starts."""

CAUSES: Final[Mapping[str, Trigger]] = MappingProxyType(
    {
        KINDS["submitted"]: Trigger.EXTERNAL_SUBMITTED,
        KINDS["validated"]: Trigger.EXTERNAL_VALIDATED,
        KINDS["rejected"]: Trigger.EXTERNAL_REJECTED,
        "enrolled_again": Trigger.ENROLLED_AGAIN,
        "import_finished": Trigger.IMPORT_FINISHED,
        STARTED: Trigger.ISSUED,
    }
)
"""What each kind of cause sets off."""


def enrolled_again(order: Delivery, now: datetime) -> Delivery:
    """The catalog has taken an order to let a learner take an item again."""
    told = json.loads(order.payload)
    payload = canonical({"item": told["item"], "number": told["number"], "order": order.id})
    return _cause("enrolled_again", order.award_id, order.learner_id, payload, now, order.id)


def import_finished(job: Job, now: datetime) -> Delivery:
    """An import has ended; ``learner_id`` is who asked for it."""
    payload = canonical({"import": job.public_id})
    return _cause("import_finished", job.id, job.actor.id, payload, now, job.public_id)


def to_be_started(event: Event, learner_id: str) -> Delivery:
    """An award was issued that starts later."""
    payload = canonical({"seq": event.seq})
    return _cause(STARTED, event.award_id, learner_id, payload, event.due_at, event.award_id, event.seq)


def told_by(cause: Delivery) -> dict[str, Any]:
    """What a cause says; raises `ValueError` where it cannot be read."""
    told = json.loads(cause.payload)
    if not isinstance(told, dict):
        raise ValueError("not a JSON object")
    return told


def _cause(kind: str, about: int, learner_id: str, payload: str, due_at: datetime, *told: str | int) -> Delivery:
    return Delivery(delivery_id(kind, *told), kind, about, learner_id, payload, due_at)
