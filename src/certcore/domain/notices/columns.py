"""Reminders of many awards at once, as deliveries in columns: the same that `Notice` gives one by one."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Final

from certcore.domain.deliveries import NewDeliveries
from certcore.domain.notices.messages import NOTICE, Notice
from certcore.domain.notices.timetable import Moment

Reminded = tuple[int, str, str, str]
"""Of an award the id, the number and the learner's id; the id of who is reminded."""

_HERE: Final = "\x00"


def reminders(tenant: str, told: Iterable[tuple[Moment, Sequence[Reminded]]]) -> NewDeliveries:
    """The deliveries of what is told at each moment, in the order given; nobody is to stand there twice (R-82)."""
    ids: list[str] = []
    payloads: list[str] = []
    everybody: list[Reminded] = []
    due_at = []
    for moment, reminded in told:
        head, tail, before, between, after = _pieces(tenant, moment)
        ids += [
            sha256(f"{head}{number}\x1f{recipient_id}{tail}".encode()).hexdigest()[:32]
            for _, number, _, recipient_id in reminded
        ]
        payloads += [
            f"{before}{encode_basestring(recipient_id)}{between}{number}{after}"
            for _, number, _, recipient_id in reminded
        ]
        everybody += reminded
        due_at += [moment.at] * len(reminded)
    return NewDeliveries(
        NOTICE, ids, [each[0] for each in everybody], [each[2] for each in everybody], payloads, due_at
    )


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
