"""The sweep: reminders of expiries that are due, written once however often and by how many it is run (R-82)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from typing import Final, NamedTuple

from attrs import field, frozen

from certcore.domain.notices import Audience, Expiry, Moment, NoticeBook, NoticeRule, Timetable, Trigger
from certcore.domain.notices.columns import reminders
from certcore.domain.sweeps import aimed, at_rest, begin, gone_on
from certcore.domain.time import as_instant, zones_release
from certcore.ports import ExpiryRow, Ports, Transaction
from certcore.services.notifying.book import notice_book
from certcore.services.notifying.recipients import recipients_of
from certcore.services.units import in_unit

_PAGE: Final = 5_000
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)

Counting = Callable[[Transaction, int, int], object]
"""Told of each page, in its unit, how many reminders were due and how many of them are new messages."""


class Reminded(NamedTuple):
    """A message that a sweep has written: its id, the rule's code, what it tells of, and what the rule waits for."""

    id: str
    rule: str
    number: str
    kind: str


@frozen
class SweepReport:
    """What a sweep at the instant ``at`` found.

    ``due`` counts the reminders that were due among those it looked at, ``messages`` are those of them that nobody had
    written before. ``more`` says that the limit stopped it, or another sweep was at the same rule: run it again.
    """

    at: datetime
    due: int = 0
    messages: tuple[Reminded, ...] = ()
    more: bool = False


@frozen
class _Page:
    """What one unit did: how many awards were due, and of these messages; whether the rule needs another one."""

    awards: int = 0
    due: int = 0
    messages: Sequence[Reminded] = ()
    more: bool = False
    busy: bool = False


@frozen(eq=False)
class _Times:
    """The timetables of certifications, and of expiries that many awards share the moments of one rule."""

    book: NoticeBook
    rule: NoticeRule
    since: datetime
    until: datetime
    now: datetime
    _tables: dict[int, Timetable] = field(factory=dict, init=False)
    _due: dict[tuple[object, ...], tuple[Moment, ...]] = field(factory=dict, init=False)

    def due(self, rows: Sequence[ExpiryRow]) -> list[tuple[Moment, ExpiryRow]]:
        """Each of the awards that the rule tells of in its window, with the moment."""
        known = self._due
        found: list[tuple[Moment, ExpiryRow]] = []
        for row in rows:
            moments = known.get(row[3:7])
            if moments is None:
                moments = known[row[3:7]] = self._moments(row)
            found.extend((moment, row) for moment in moments if moment.at >= row[7])
        return found

    def _moments(self, row: ExpiryRow) -> tuple[Moment, ...]:
        """Those of an award that was always known: what was told later of it is passed over all the same."""
        _, _, _, certification_id, expires_at, expires_on, zone, _ = row
        table = self._tables.get(certification_id)
        if table is None:
            table = self._tables[certification_id] = self.book.timetable(certification_id)
        latest = table.latest_due(Expiry(expires_at, expires_on, zone, _ALWAYS), self.now)
        return tuple(each for each in latest if each.rule.code == self.rule.code and self.since < each.at <= self.until)


def run_due(
    ports: Ports,
    now: datetime | None = None,
    limit: int = 10_000,
    counting: Counting = lambda _tx, _due, _messages: None,
) -> SweepReport:
    """See `Notifying.run_due`; what ``counting`` raises rolls the page back and passes on."""
    at = ports.now() if now is None else as_instant(now)
    with ports.storage.reading() as tx:
        rules = [each.code for each in notice_book(tx).rules.values() if _is_swept(each)]
    awards, due, more = 0, 0, False
    messages: list[Reminded] = []
    for code in rules:
        page = _Page(more=True)
        while page.more and awards < limit:
            page = in_unit(ports.storage, partial(_counted, counting, partial(_swept, ports, code, at, limit - awards)))
            awards += page.awards
            due += page.due
            messages += page.messages
        more = more or page.more or page.busy
    return SweepReport(at, due, tuple(messages), more)


def _counted(counting: Counting, work: Callable[[Transaction], _Page], tx: Transaction) -> _Page:
    page = work(tx)
    counting(tx, page.due, len(page.messages))
    return page


def _is_swept(rule: NoticeRule | None) -> bool:
    return rule is not None and rule.active and rule.trigger is Trigger.EXPIRY


def _swept(ports: Ports, code: str, now: datetime, limit: int, tx: Transaction) -> _Page:
    """A page of the awards that a rule looks at, as the rule stands now; of those that are due at most ``limit``."""
    book, zones = notice_book(tx), zones_release()
    rule = book.rules.get(code)
    if rule is None or rule.offset is None or not _is_swept(rule):
        return _Page()
    sweep = tx.sweeps.take(begin(code, rule.on_since, zones))
    if sweep is None:
        return _Page(busy=True)
    if at_rest(sweep, rule.on_since, zones, now):
        return _Page()
    sweep = aimed(sweep, rule.on_since, zones, now)
    target = sweep.target or now
    since, until = rule.offset.expiries(sweep.until, target)
    rows = tx.awards.expiring(since, until, sweep.cursor, _PAGE) if sweep.until < target else ()
    due = _Times(book, rule, sweep.until, target, now).due(rows)
    told, messages = _written(ports, tx, rule, due[:limit])
    last = due[limit - 1][1] if len(due) > limit else rows[-1] if len(rows) == _PAGE else None
    tx.sweeps.update(gone_on(sweep, None if last is None else (last[4], last[0])))
    return _Page(min(len(due), limit), told, messages, more=last is not None or target < now)


def _written(
    ports: Ports, tx: Transaction, rule: NoticeRule, due: Sequence[tuple[Moment, ExpiryRow]]
) -> tuple[int, Sequence[Reminded]]:
    """How many reminders these are, and those of them that are new."""
    if not due:
        return 0, ()
    told: dict[int, tuple[Moment, list[tuple[int, str, str, str]]]] = {}
    recipients = None if rule.audience is Audience.LEARNER else _recipients(ports, rule, due)
    for moment, row in due:
        of_moment = told.get(id(moment))
        if of_moment is None:
            of_moment = told[id(moment)] = (moment, [])
        award_id, number, learner_id = row[:3]
        if recipients is None:
            of_moment[1].append((award_id, number, learner_id, learner_id))
        else:
            of_moment[1].extend((award_id, number, learner_id, each) for each in recipients[learner_id])
    new = reminders(ports.storage.tenant, told.values())
    known = tx.tell(new)
    numbers = [number for _, reminded in told.values() for _, number, _, _ in reminded]
    written = zip(new.ids, repeat(rule.code), numbers, repeat(str(rule.when)), strict=False)
    return len(new), [each for each in map(Reminded._make, written) if each.id not in known]


def _recipients(ports: Ports, rule: NoticeRule, due: Sequence[tuple[Moment, ExpiryRow]]) -> Mapping[str, Sequence[str]]:
    return recipients_of(ports, rule.audience, {row[2] for _, row in due})
