"""What rules would tell whom in the days to come, if nothing changed until then; nothing is written (R-80)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from certcore.domain.notices import Expiry, Message, Moment, Notice, NoticeBook, NoticeRule, Offset, Timetable
from certcore.domain.people import Actor
from certcore.errors import CertcoreError, DateOutOfRange, InvalidValue, NotFound
from certcore.ports import ExpiryRow, Ports, Transaction
from certcore.services.notifying.book import may_set, notice_book
from certcore.services.notifying.recipients import recipients_of
from certcore.services.notifying.rendering import Gathered, Unwanted, gathered

LONGEST: Final = 3_660
"""How many days a preview may look ahead."""

_PAGE: Final = 500


@frozen
class Planned:
    """One notice that would be told ``at`` an instant; ``message`` is as it would read then.

    Without one, ``problem`` is why: `deactivated_user` or `unknown_user` of the reader, or what stands in the way of
    making it.
    """

    at: datetime
    rule: str
    number: str
    recipient_id: str
    message: Message | None
    problem: str | None = None


@frozen
class Preview:
    """Asks what would be told."""

    _ports: Ports

    def planned(self, days: int, rule: str | None, actor: Actor) -> Iterator[Planned]:
        """The notices on expiries of the next ``days``; checks at once, and reads as it is read."""
        may_set(self._ports, actor)
        if type(days) is not int or not 1 <= days <= LONGEST:
            raise InvalidValue("days", days, f"1 to {LONGEST}")
        with self._ports.storage.reading() as tx:
            book = notice_book(tx)
        if rule is not None and rule not in book.rules:
            raise NotFound("rule", rule)
        now = self._ports.now()
        try:
            until = now + timedelta(days=days)
        except OverflowError:
            raise DateOutOfRange(now.isoformat(), f"{days} days") from None
        return self._all(book, rule, now, until)

    def _all(self, book: NoticeBook, named: str | None, now: datetime, until: datetime) -> Iterator[Planned]:
        timetables: dict[int, Timetable] = {}
        for rule in book.rules.values():
            if rule.active and rule.offset is not None and named in (None, rule.code):
                yield from self._of_rule(book, timetables, rule, rule.offset, (now, until))

    def _of_rule(
        self,
        book: NoticeBook,
        timetables: dict[int, Timetable],
        rule: NoticeRule,
        offset: Offset,
        window: tuple[datetime, datetime],
    ) -> Iterator[Planned]:
        since, until = offset.expiries(*window)
        after: tuple[datetime, int] | None = None
        while True:
            with self._ports.storage.reading() as tx:
                page = tx.awards.expiring(since, until, after, _PAGE)
                told = [
                    (row, moment)
                    for row in page
                    for moment in _timetable(book, timetables, row).due_moments(_expiry(row), *window)
                    if moment.rule == rule
                ]
                found = self._gathered(tx, book, rule, told)
            yield from map(self._made, found)
            if len(page) < _PAGE:
                return
            after = page[-1][4], page[-1][0]

    def _gathered(
        self, tx: Transaction, book: NoticeBook, rule: NoticeRule, told: Sequence[tuple[ExpiryRow, Moment]]
    ) -> list[Gathered]:
        recipients: Mapping[str, Sequence[str]] = recipients_of(self._ports, rule.audience, {row[2] for row, _ in told})
        notices = [
            Notice(rule.code, rule.when, row[1], recipient_id, row[2], moment.key, moment.at)
            for row, moment in told
            for recipient_id in recipients[row[2]]
        ]
        return gathered(self._ports, tx, book, notices, self._ports.now(), planned=True) if notices else []

    def _made(self, each: Gathered) -> Planned:
        notice, message, problem = each.notice, None, None
        if isinstance(each, Unwanted):
            problem = each.reason
        else:
            try:
                message = each.message(self._ports)
            except CertcoreError as error:
                problem = error.message
        return Planned(notice.at, notice.rule, notice.subject, notice.recipient_id, message, problem)


def _timetable(book: NoticeBook, known: dict[int, Timetable], row: ExpiryRow) -> Timetable:
    certification_id = row[3]
    if certification_id not in known:
        known[certification_id] = book.timetable(certification_id)
    return known[certification_id]


def _expiry(row: ExpiryRow) -> Expiry:
    _, _, _, _, expires_at, expires_on, zone, recorded_at = row
    return Expiry(expires_at, expires_on, zone, recorded_at)
