"""Reminders of many awards at once, as deliveries in columns: the same that `Notice` gives one by one."""

from collections.abc import Iterable
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Final

from certcore.domain.deliveries import NewDeliveries
from certcore.domain.notices.messages import NOTICE, Notice
from certcore.domain.notices.timetable import Moment

Reminder = tuple[Moment, int, str, str, str]
"""What one person is reminded of: the moment, and of the award id, number and learner's id; who the person is."""

_HERE: Final = "\x00"


def reminders(tenant: str, told: Iterable[Reminder]) -> NewDeliveries:
    """The deliveries of these reminders; what comes twice is told once (R-82)."""
    pieces: dict[int, tuple[Moment, tuple[str, str, str, str, str]]] = {}
    ids: dict[str, None] = {}
    awards, learners, payloads, due_at = [], [], [], []
    for moment, award_id, number, learner_id, recipient_id in told:
        if id(moment) not in pieces:
            pieces[id(moment)] = moment, _pieces(tenant, moment)
        _, (head, tail, before, between, after) = pieces[id(moment)]
        told_id = sha256(f"{head}{number}\x1f{recipient_id}{tail}".encode()).hexdigest()[:32]
        if told_id not in ids:
            ids[told_id] = None
            awards.append(award_id)
            learners.append(learner_id)
            payloads.append(f"{before}{encode_basestring(recipient_id)}{between}{number}{after}")
            due_at.append(moment.at)
    return NewDeliveries(NOTICE, list(ids), awards, learners, payloads, due_at)


def _pieces(tenant: str, moment: Moment) -> tuple[str, str, str, str, str]:
    """What the ids and payloads of all reminders of a moment have in common."""
    rule = moment.rule
    payload = Notice(rule.code, rule.when, _HERE, _HERE, _HERE, moment.key, moment.at).payload()
    before, between, after = payload.split(encode_basestring(_HERE))
    return (
        f"{NOTICE}\x1f{tenant}\x1f{rule.code}\x1f",
        f"\x1f{moment.key}",
        before,
        f'{between}"',
        f'"{after}',
    )
