"""Whom a change of an external certificate is told, as deliveries written with it (R-75, R-83).

A delivery names the certificate and its version, no person and no words: who hands it over looks up what stands there
then, and asks the directory who reviews at that moment (R-76).
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from attrs import evolve

from certcore.domain.deliveries import Delivery, DeliveryState, delivery_id
from certcore.domain.external import ExternalState
from certcore.domain.external_transitions import ExternalChange
from certcore.domain.history import canonical

REVIEW_REQUESTED: Final = "review_requested"
KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "submitted": REVIEW_REQUESTED,
        "validated": "external_validated",
        "rejected": "external_rejected",
    }
)
"""The kind of delivery that an act leads to. The first goes to the reviewers, the others to the learner."""


def notices_of(change: ExternalChange) -> list[Delivery]:
    """What is to be told of a change; nothing of most."""
    kind, certificate = KINDS.get(change.entry.act), change.after
    if kind is None:
        return []
    payload = canonical({"external": certificate.ref, "seq": change.entry.seq})
    told = delivery_id(kind, certificate.ref, change.entry.seq)
    return [Delivery(told, kind, certificate.id, certificate.learner_id, payload, change.entry.at)]


def dropped_by(change: ExternalChange, waiting: Iterable[Delivery]) -> list[Delivery]:
    """Those of the certificate's deliveries that nobody wants after the change: a request to review what has ended."""
    if change.after.state is ExternalState.PENDING:
        return []
    return [
        evolve(each, state=DeliveryState.DROPPED, version=each.version + 1)
        for each in waiting
        if each.kind == REVIEW_REQUESTED and each.state is DeliveryState.WAITING
    ]
