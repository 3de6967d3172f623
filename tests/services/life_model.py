"""A naive model of awards and what befalls them: lists, dicts and dates in UTC, written from the rules alone."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from attrs import define, field

from tests.services.life_values import (
    Held,
    Import,
    Order,
    Programme,
    Start,
    after,
    day_of,
    midnight,
    moment_of,
    not_before,
)

Told = tuple[str, str | None]
"""An outcome, and the code of a reason where there is one."""


class Refusal(Exception):  # noqa: N818
    """What is refused, by the code of the error."""


@define
class Model:
    """Everything there is."""

    now: datetime
    programmes: dict[str, Programme]
    carries: dict[str, str]
    assigned: dict[str, datetime]
    awards: list[Held] = field(factory=list)
    done: dict[tuple[str, str, datetime], datetime | date] = field(factory=dict)
    refused: dict[str, str] = field(factory=lambda: {"nobody": "unknown_user", "gone": "deactivated_user"})
    imports: list[Import] = field(factory=list)
    handed: list[tuple[str, str, datetime]] = field(factory=list)

    # Finding

    def kept(self) -> list[Held]:
        return [each for each in self.awards if not each.purged]

    def of(self, learner: str, code: str) -> list[Held]:
        return [each for each in self.kept() if (each.learner, each.code) == (learner, code)]

    def live(self, learner: str, code: str) -> Held | None:
        return next((each for each in self.of(learner, code) if each.live), None)

    def revoked(self, learner: str, code: str) -> datetime | None:
        ends = [each.ending for each in self.of(learner, code)]
        return max((end[1] for end in ends if end is not None and end[0] == "revoked"), default=None)

    def items(self, code: str) -> list[str]:
        return [item for item, carried in self.carries.items() if carried == code]

    # Issuing

    def _new(self, held: Held, old: Held | None = None) -> Held:
        if old is not None:
            old.ends("renewed", midnight(held.issued))
            old.by, held.renews = held, old
        self.awards.append(held)
        return held

    def _given(
        self, learner: str, code: str, terms: tuple[date, date | None], held: str, *, job: Import | None = None
    ) -> Told:
        """What becomes of an offer on a manual basis (R-30, R-44, R-45, R-65)."""
        live, revoked = self.live(learner, code), self.revoked(learner, code)
        issued, expires = terms
        kept = None if live is None or job is None else live.completed
        same = live is not None and live.terms == (issued, expires, None, kept)
        if job is not None and revoked is not None and midnight(issued) <= revoked and not same:
            return "rejected", "revoked"
        if live is None or held == "renew":
            told = "new" if live is None else "renewed"
        else:
            told = "updated" if held == "update" else "already_held"
        if told == "already_held":
            return ("rejected", "already_held") if held == "refuse" else (told, None)
        if same:
            return "unchanged", None
        if live is not None and not (job and held == "renew") and live.ends_sooner(expires):
            return "rejected", "would_shorten"
        if told == "updated" and live is not None:
            before = live.terms
            live.issued, live.expires, live.item = issued, expires, None
            live.acts.append("edited")
            _note(job, live, before)
        else:
            new = self._new(Held(learner, code, issued, expires), live)
            if live is not None:
                _note(job, live, ())
            _note(job, new, ())
        return told, None

    def award(self, learners: Sequence[str], code: str, issued: date, expires: date | None, held: str) -> list[Told]:
        """R-30; no expiry is the certification's own validity."""
        if self.programmes[code].retired:
            raise Refusal("retired_certification")
        if expires is not None and expires <= issued:
            raise Refusal("invalid_value")
        terms = issued, expires or self.programmes[code].end(issued)
        return [
            ("rejected", self.refused[each]) if each in self.refused else self._given(each, code, terms, held)
            for each in dict.fromkeys(learners)
        ]

    def import_file(self, rows: Iterable[tuple[str, str, date, date | None]], held: str) -> Counter[str]:
        """R-44; no expiry is always valid."""
        job = Import()
        told: Counter[str] = Counter()
        for learner, code, issued, expires in rows:
            bad = (
                learner in self.refused or self.programmes[code].retired or (expires is not None and expires <= issued)
            )
            outcome = "rejected" if bad else self._given(learner, code, (issued, expires), held, job=job)[0]
            told[outcome] += 1
        self.imports.append(job)
        return told

    def undo(self, job: Import) -> None:
        """R-45: all or none."""
        if job.undone:
            return
        done = [each for each in job.done if not each[0].purged]
        gone = (act == "renewed" and award.by is not None and award.by.purged for award, act, _, _ in done)
        if any(len(award.acts) != length for award, _, length, _ in done) or any(gone):
            raise Refusal("not_undoable")
        job.undone = True
        for award, act, _, before in done:
            if act == "issued":
                award.ends("undone", min(self.now, midnight(award.issued)))
            elif act == "renewed":
                self._live_again(award)
            else:
                award.issued, award.expires, award.item, award.completed = before  # type: ignore[assignment]
                award.acts.append("edited")

    # Completing

    def complete(self, learner: str, item: str, at: datetime | date) -> Told:
        """R-21 to R-27, R-52, R-65."""
        if learner in self.refused:
            return "rejected", self.refused[learner]
        key = learner, item, moment_of(at)
        repeated, code = key in self.done, self.carries.get(item)
        if code is None:
            self.done.setdefault(key, at)
            return ("unchanged", None) if repeated else ("recorded", "not_assigned")
        revoked = self.revoked(learner, code)
        if revoked is not None and not after(at, revoked):
            return "rejected", "revoked"
        if repeated:
            return "unchanged", None
        if self.programmes[code].retired:
            return "rejected", "certification_retired"
        self.done[key] = at
        if not not_before(at, self.assigned[item]):
            return "recorded", "before_assignment"
        return self._counts(key, code)

    def look_back(self, code: str) -> list[Told]:
        """R-21: what was completed before counts for who holds none, the earliest first."""
        if self.programmes[code].retired:
            raise Refusal("retired_certification")
        holders = {each.learner for each in self.kept() if each.live and each.code == code} | self.refused.keys()
        told: list[Told] = []
        for key in sorted(self.done, key=lambda key: (key[0], key[2], key[1])):
            revoked = self.revoked(key[0], code)
            since = revoked is None or after(self.done[key], revoked)
            if since and self.carries.get(key[1]) == code and key[0] not in holders:
                outcome = self._counts(key, code)[0]
                told += [(outcome, key[0])] if outcome in ("new", "renewed") else []
        return sorted(told)

    def _counts(self, key: tuple[str, str, datetime], code: str) -> Told:
        learner, item, _ = key
        live = self.live(learner, code)
        if live is None:
            self._earned(learner, code, item, day_of(self.done[key]), self.programmes[code].months)
            return "new", None
        again = any(each[:2] == key[:2] for each in self.done if each != key)
        return self._beside(live, item, self.done[key], again=again)

    def _earned(self, learner: str, code: str, item: str, day: date, months: int | None) -> Held:
        return self._new(Held(learner, code, day, Programme(months).end(day), item, day))

    def _beside(self, live: Held, item: str, at: datetime | date, *, again: bool) -> Told:
        programme, start, day = self.programmes[live.code], live.renewal, day_of(at)
        started = start is not None and start.open
        if start is not None and started and not_before(at, start.at):
            if item not in start.ways and self.assigned[item] <= start.at:
                return "already_held", "not_a_way"
            start.open = False
            return self._renewed(live, item, day, start.months)
        if day < live.earned:
            return self._past(live, item, day)
        if started or not programme.at_once:
            return "already_held", "before_renewal" if started else "renewal_not_started"
        if live.expires is None:
            return "already_held", "never_expires"
        if day <= live.earned:
            return "already_held", "held_since"
        if (again or item == live.item) and not programme.retake:
            return "already_held", "retake_not_allowed"
        return self._renewed(live, item, day, programme.months)

    def _renewed(self, live: Held, item: str, day: date, months: int | None) -> Told:
        """R-53: never shorter."""
        expires = Programme(months).end(day)
        if live.ends_sooner(expires):
            expires = live.expires
        self._new(Held(live.learner, live.code, day, expires, item, day), live)
        return "renewed", None

    def _past(self, live: Held, item: str, day: date) -> Told:
        """R-27: an award that another has followed."""
        if midnight(live.issued) > self.now:
            return "already_held", "held_since"
        revoked = self.revoked(live.learner, live.code)
        others = [each for each in self.of(live.learner, live.code) if _was_held(each, revoked)]
        follows = min(each.issued for each in others)
        if follows <= day:
            return "already_held", "held_then"
        expires = self.programmes[live.code].end(day)
        past = self._earned(live.learner, live.code, item, day, self.programmes[live.code].months)
        past.ends("past", midnight(follows if expires is None else min(follows, expires)))
        return "history", None

    # Renewing

    def start(self, award: Held, *, never_expiring: bool) -> None:
        """R-51, R-52."""
        if award.live and award.renewal is not None and award.renewal.open:
            return
        programme, items = self.programmes[award.code], self.items(award.code)
        complete = {item for item in items if any(each[:2] == (award.learner, item) for each in self.done)}
        ways = set(items) if programme.retake else set(items) - complete
        away = programme.retired or award.learner in self.refused
        if not award.live or away or not ways or (award.expires is None and not never_expiring):
            raise Refusal("not_renewable")
        award.renewal = Start(self.now, programme.months, frozenset(ways))
        award.acts.append("renewal_started")
        retakes = complete & ways
        again = retakes & {award.item} or retakes
        award.orders += [Order(str(item), self.now, self.now) for item in sorted(map(str, again))]

    def cancel(self, award: Held) -> None:
        """R-52."""
        if award.renewal is None:
            raise Refusal("not_found")
        if not award.live or not award.renewal.open:
            return
        award.renewal.open = False
        award.acts.append("renewal_cancelled")
        for order in award.orders:
            if order.state == "waiting":
                order.state = "dropped"

    def deliver(self, *, fails: bool) -> tuple[int, int, int]:
        """How many orders the catalog took, how many failed, how many nobody wants any more."""
        told: Counter[str] = Counter()
        for award in self.kept():
            for order in award.orders:
                if order.state == "waiting" and order.due <= self.now:
                    told[self._hand(award, order, fails=fails)] += 1
        return told["done"], told["waiting"], told["dropped"]

    def _hand(self, award: Held, order: Order, *, fails: bool) -> str:
        if not (award.live and award.renewal and award.renewal.open and award.renewal.at == order.at):
            order.state = "dropped"
            return order.state
        order.attempts += 1
        if fails:
            order.due = self.now + min(timedelta(seconds=30) * 2 ** (order.attempts - 1), timedelta(hours=6))
        else:
            order.state = "done"
            self.handed.append((award.learner, order.item, order.at))
        return order.state

    # Ending and correcting

    def revoke(self, award: Held, *, restore: bool) -> str:
        """R-61, R-65: what was to be valid until a revoked one starts is over too."""
        if award.ending is not None:
            if award.ending[0] == "revoked":
                return "unchanged"
            raise Refusal("not_live")
        award.ends("revoked", self.now)
        before = award.renews
        if restore and before is not None and before.by is award and not before.purged:
            self._live_again(before)
        while before is not None and not restore and not before.purged and before.by is award:
            if before.ending is None or before.ending[0] != "renewed" or before.ending[1] <= self.now:
                break
            before.ends("cut_short", self.now, "renewed")
            award, before = before, before.renews
        return "revoked"

    def _live_again(self, award: Held) -> None:
        award.ending = award.by = None
        award.acts.append("restored")
        for order in award.orders:
            if order.state == "dropped" and award.renewal and award.renewal.open and order.at == award.renewal.at:
                order.state, order.due = "waiting", self.now

    def restore(self, award: Held) -> None:
        """R-65."""
        if award.live:
            return
        by = award.by
        free = by is None or by.purged or (by.ending is not None and by.ending[0] in ("revoked", "unassigned"))
        renewed = award.ending is not None and award.ending[0] == "renewed"
        if self.live(award.learner, award.code) or not renewed or not free:
            raise Refusal("not_restorable")
        self._live_again(award)

    def unassign(self, award: Held) -> None:
        """R-33: also one that a late completion gave."""
        if award.ending is not None and award.ending[0] != "past":
            raise Refusal("not_live")
        award.ends("unassigned", min(self.now, midnight(award.issued)))

    def edit(self, award: Held, issued: date | None, expires: date | None, *, always: bool) -> None:
        """R-32."""
        wanted = issued or award.issued, None if always else expires or award.expires
        if wanted[1] is not None and wanted[1] <= wanted[0] and (issued or expires):
            raise Refusal("invalid_value")
        if wanted == (award.issued, award.expires):
            return
        if not award.live:
            raise Refusal("not_live")
        award.issued, award.expires = wanted
        award.acts.append("edited")

    def purge(self, award: Held) -> None:
        """R-61."""
        if award.live:
            raise Refusal("still_live")
        award.purged = True

    def give_item(self, item: str, code: str) -> None:
        """R-5: since when it carries it, the first time."""
        if item not in self.carries:
            self.carries[item], self.assigned[item] = code, self.now

    def take_item_away(self, item: str, *, remove: bool) -> int:
        """R-7: how many awards went."""
        code = self.carries.pop(item, None)
        gone = [each for each in self.kept() if each.live and remove and (each.code, each.item) == (code, item)]
        for each in gone:
            self.unassign(each)
        return len(gone)


def _was_held(award: Held, revoked: datetime | None) -> bool:
    ended = award.ending
    if ended is not None and (ended[0] == "revoked" or ended[1] <= midnight(award.issued)):
        return False
    return revoked is None or award.issued >= revoked.date()


def _note(job: Import | None, award: Held, before: tuple[object, ...]) -> None:
    if job is not None:
        job.done.append((award, award.acts[-1], len(award.acts), before))
