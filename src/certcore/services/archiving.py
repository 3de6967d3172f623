"""Archiving: revoking awards, letting an archived one live again, and purging what is old (R-61, R-63, R-65)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from attrs import evolve, field, frozen

from certcore.codec import JSON
from certcore.domain.awards import Award, Status
from certcore.domain.checks import check_prose
from certcore.domain.decisions import Decision, Outcome, decide_revocation
from certcore.domain.jobs import Job, JobState
from certcore.domain.numbers import new_salts, normal_number
from certcore.domain.people import Act, Actor, Scope
from certcore.domain.time import Length, add_length, civil_date, existing_day, start_of_day
from certcore.domain.tombstones import LONGEST_REASON, Removal
from certcore.domain.transitions import Change, Context, cut_short, outlives, restore, revoke
from certcore.errors import InvalidValue, NotFound, NotLive, NotRestorable, StillLive
from certcore.ports import AwardQuery, Ports, Transaction
from certcore.services.access import demand, find_award
from certcore.services.defining import find_certification
from certcore.services.jobs import Stopping, in_batches, never, new_job, once_under, payload_as, so_far
from certcore.services.removing import Burial, Removed, remove_all
from certcore.services.running import Handler, queue
from certcore.services.units import in_unit, live_again

T = TypeVar("T")

JOB_KIND = "revoke"
_OUTCOMES_KEPT_BY_A_JOB = 1_000
_LONGEST_SHOWN = 80


@frozen
class Revocation:
    """What became of one award that was to be revoked: `revoked`, `unchanged` when it was already, or `rejected`.

    ``reason`` is the code of a rejection: `not_found` or `not_live`. ``restored`` is the number of the award before it
    that is live again.
    """

    number: str
    outcome: Outcome
    reason: str | None = None
    restored: str | None = None


@frozen
class RevokeReport:
    """What became of all awards, counted by outcome and one by one.

    A job (``job_id``) keeps the first 1,000 outcomes other than `revoked`; an act done at once keeps all of them.
    """

    counts: Mapping[Outcome, int]
    outcomes: Sequence[Revocation]
    state: JobState = JobState.DONE
    job_id: str | None = None

    @classmethod
    def of(cls, outcomes: Sequence[Revocation]) -> "RevokeReport":
        """The report of these."""
        return cls(Counter(each.outcome for each in outcomes), outcomes)

    def plus(self, batch: "RevokeReport") -> "RevokeReport":
        """The report of a job with one more batch done."""
        telling = [each for each in batch.outcomes if each.outcome is not Outcome.REVOKED]
        counts = Counter(self.counts) + Counter(batch.counts)
        return evolve(self, counts=counts, outcomes=[*self.outcomes, *telling][:_OUTCOMES_KEPT_BY_A_JOB])


NOTHING = RevokeReport({}, ())


def _named(numbers: Iterable[str]) -> tuple[str, ...]:
    """Each number once, as numbers are written; what is none as far as it can be shown."""
    return tuple(dict.fromkeys(normal_number(each) or _shown(each) for each in numbers))


def _shown(text: str) -> str:
    escaped = ascii(text)[1:-1]
    return escaped if len(escaped) <= _LONGEST_SHOWN else f"{escaped[:_LONGEST_SHOWN]}…"


@frozen(kw_only=True)
class _Request:
    numbers: tuple[str, ...] = field(converter=_named)
    reason: str = field(validator=lambda _request, _attribute, reason: check_prose("reason", reason))
    restore: bool = False


@frozen
class Archiving:
    """Revokes awards, lets archived ones live again, and purges those that need not be kept."""

    _ports: Ports

    def revoke(
        self, number: str, *, reason: str, actor: Actor, restore: bool = False, key: str | None = None
    ) -> Revocation:
        """Take an award away for ever; the learner loses it at once, and is told (R-61).

        Only issuing anew gives the certification back. The award that it renewed stays archived, and is over now where
        it would still have been valid; ``restore`` lets it live again instead (R-65). Revoking again changes nothing.
        With an idempotency ``key`` the same act gives the same answer, another one `IdempotencyConflict` (R-34). Raises
        `NotFound`, `NotLive` for one that was renewed or taken back, and `InvalidValue` for a blank reason.
        """
        request = _Request(numbers=[number], reason=reason, restore=restore)
        self._check(request, actor)

        def work(tx: Transaction, job_id: int | None) -> RevokeReport:
            report = self._revoke(tx, request, request.numbers, actor, job_id)
            if report.outcomes[0].reason is not None:
                raise NotFound("award", number) if report.outcomes[0].reason == "not_found" else NotLive(number)
            return report

        return once_under(self._ports, self._job(request, actor, key, JobState.DONE), RevokeReport, work).outcomes[0]

    def revoke_many(
        self, numbers: Iterable[str], *, reason: str, actor: Actor, restore: bool = False, key: str | None = None
    ) -> RevokeReport:
        """Revoke many awards as `revoke` does one; what cannot be revoked is reported and holds nothing up.

        More than `Settings.at_once` make a job, done by the job queue or by `Running.run_queued`. Raises `NotFound`
        when the actor may revoke nobody's, `InvalidValue` and `IdempotencyConflict`.
        """
        request = _Request(numbers=numbers, reason=reason, restore=restore)
        self._check(request, actor)
        if len(request.numbers) > self._ports.settings.at_once:
            job = self._job(request, actor, key, JobState.QUEUED)
            return _reported(queue(self._ports, job, self.handler))
        job = self._job(request, actor, key, JobState.DONE)
        return once_under(
            self._ports,
            job,
            RevokeReport,
            lambda tx, job_id: self._revoke(tx, request, request.numbers, actor, job_id),
        )

    def preview_revoke(self, numbers: Iterable[str], *, actor: Actor, restore: bool = False) -> RevokeReport:
        """What `revoke_many` would make of each, nothing being changed. Raises `NotFound` as that does."""
        named = _named(numbers)
        scope = demand(self._ports, actor, Act.REVOKE, "award", _listed(named))
        with self._ports.storage.reading() as tx:
            found, decisions = _decided(tx, named, scope)
            before = _predecessors(tx, _revocable(found, decisions)) if restore else []
        return _report(found, decisions, {award.id: predecessor.number for predecessor, award in before})

    @property
    def handler(self) -> Handler:
        """How the jobs are done that `revoke_many` makes."""
        return Handler(self.run, Act.REVOKE)

    def run(self, job: Job, stopping: Stopping = never) -> Job:
        """Do a queued job in batches, each with the rights its actor has at that moment; goes on where it stopped.

        Raises `UnknownJob` for one that cannot be read.
        """
        request = payload_as(_Request, job)

        def work(tx: Transaction, job: Job, batch: Sequence[str]) -> dict[str, object]:
            self._check(request, job.actor)
            report = _reported(job).plus(self._revoke(tx, request, batch, job.actor, job.id))
            return JSON.unstructure(report)  # type: ignore[no-any-return]

        return in_batches(self._ports, job, request.numbers, work, stopping)

    def restore(self, number: str, *, actor: Actor, reason: str | None = None) -> Award:
        """An archived award live again, whose renewal was revoked or unassigned (R-65); live again it stays.

        It is as it was before it was renewed, its dates too. Raises `NotFound`, and `NotRestorable` for any other award
        and while the learner holds a live one.
        """
        scope = demand(self._ports, actor, Act.REVOKE, "award", number)

        def work(tx: Transaction) -> Award:
            award = find_award(tx, number, scope)
            if award.live:
                return award
            if tx.awards.live([award.certification_id], [award.learner_id]):
                raise NotRestorable(award.number)
            successor = None if award.renewed_by is None else tx.awards.by_id([award.renewed_by]).get(award.renewed_by)
            (salt,) = new_salts(1, self._ports.random_bytes)
            change = restore(award, successor, reason, salt, Context(actor, self._ports.now()))
            live_again(tx, [change])
            return change.after

        return in_unit(self._ports.storage, work)

    def purge(self, number: str, *, reason: str, actor: Actor, dry_run: bool = False) -> Removed:
        """Remove one award that is no longer live, with its history; what went, or with a ``dry_run`` would go (R-61).

        All that stays is a tombstone: number, act, who, when and why, and how long its history was (R-64). That an
        award was revoked is not known after that, so rows dated before it can issue the certification again. Purging
        again removes nothing. Raises `NotFound`, `StillLive`, and `InvalidValue` for a blank reason.
        """
        check_prose("reason", reason, LONGEST_REASON)
        scope = demand(self._ports, actor, Act.PURGE, "award", number)
        normal = normal_number(number)

        def work(tx: Transaction) -> Removed:
            award = tx.awards.by_number([normal]).get(normal) if normal else None
            if award is None and normal and scope.everyone and tx.tombstones.of([normal]):
                return Removed()
            if award is None or not scope.covers(award.learner_id):
                raise NotFound("award", number)
            if award.live:
                raise StillLive(award.number)
            if not dry_run:
                self._burial(reason, actor).remove(tx, [award])
            return Removed().plus([award])

        return in_unit(self._ports.storage, work)

    def purge_older(
        self,
        age: Length | Mapping[str, int],
        *,
        dry_run: bool,
        reason: str,
        actor: Actor,
        certification: str | int | None = None,
    ) -> Removed:
        """Remove the archived awards that ended more than ``age`` ago, of one certification or of all (R-63).

        The age is counted back from today in the platform's zone; ``dry_run``, which has no default, says whether they
        are only counted. Revoked ones stay, so that nothing brings them back (R-65): `purge` removes them. Each batch
        is a transaction; one that was broken off is done again from the start. Raises `NotFound`, also when the actor
        may not purge everybody's, and `InvalidValue`.
        """
        check_prose("reason", reason, LONGEST_REASON)
        length = age if isinstance(age, Length) else Length.from_data(age)
        if length.count < 0:
            raise InvalidValue("age", length.count, "a length that is not negative")
        if not demand(self._ports, actor, Act.PURGE, "certification", str(certification)).everyone:
            raise NotFound("certification", str(certification))
        now = self._ports.now()
        before = _long_ago(now, length, self._ports.settings.zone)
        with self._ports.storage.reading() as tx:
            wanted = None if certification is None else {find_certification(tx, certification).id}
            query = AwardQuery(now, None, wanted, statuses=frozenset({Status.ARCHIVED}), ended_before=before)
            if dry_run:
                return remove_all(self._ports, tx, query, None)
        return self._purge(evolve(query, limit=self._ports.settings.batch), self._burial(reason, actor))

    def _purge(self, query: AwardQuery, burial: Burial) -> Removed:
        def work(tx: Transaction) -> Sequence[Award]:
            page = tx.awards.search(query)
            burial.remove(tx, page)
            return page

        removed = Removed()
        while page := in_unit(self._ports.storage, work):
            removed = removed.plus(page)
        return removed

    def _burial(self, reason: str, actor: Actor) -> Burial:
        return Burial(Removal.PURGED, reason, Context(actor, self._ports.now()))

    def _check(self, request: _Request, actor: Actor) -> None:
        demand(self._ports, actor, Act.REVOKE, "award", _listed(request.numbers))

    def _job(self, request: _Request, actor: Actor, key: str | None, state: JobState) -> Job:
        total = len(request.numbers)
        return new_job(self._ports, JOB_KIND, JSON.unstructure(request), actor, key=key, state=state, total=total)

    def _revoke(
        self, tx: Transaction, request: _Request, numbers: Sequence[str], actor: Actor, job_id: int | None
    ) -> RevokeReport:
        found, decisions = _decided(tx, numbers, self._ports.access.scope(actor, Act.REVOKE))
        awards = _revocable(found, decisions)
        context = Context(actor, self._ports.now(), job_id)
        changes = [revoke(award, request.reason, salt, context) for award, salt in self._salted(awards)]
        tx.change(changes)
        revoked = [change.after for change in changes]
        if request.restore:
            before = self._restored(tx, revoked, request.reason, context)
            live_again(tx, before)
        else:
            before = self._cut_short(tx, revoked, context)
            tx.change(before)
        restored = {change.before.renewed_by: change.after.number for change in before if change.after.live}
        return _report(found, decisions, restored)

    def _restored(self, tx: Transaction, revoked: Sequence[Award], reason: str, context: Context) -> Sequence[Change]:
        """The awards that these renewed, live again."""
        pairs = self._salted(_predecessors(tx, revoked))
        return [restore(award, successor, reason, salt, context) for (award, successor), salt in pairs]

    def _cut_short(self, tx: Transaction, revoked: Sequence[Award], context: Context) -> Sequence[Change]:
        """The awards before these that would be valid until one of them starts, which now never will: over."""
        changes: list[Change] = []
        ended = revoked
        while pairs := [pair for pair in _predecessors(tx, ended) if outlives(pair[0], context.now)]:
            changes += [cut_short(award, successor, salt, context) for (award, successor), salt in self._salted(pairs)]
            ended = [award for award, _ in pairs]
        return changes

    def _salted(self, each: Sequence[T]) -> Iterator[tuple[T, bytes]]:
        return zip(each, new_salts(len(each), self._ports.random_bytes), strict=True)


def _long_ago(now: datetime, length: Length, zone: str) -> datetime:
    """The start of the civil day that lies ``length`` before today."""
    return start_of_day(existing_day(add_length(civil_date(now, zone), length.times(-1)), zone), zone)


def _listed(numbers: Sequence[str]) -> str:
    return numbers[0] if len(numbers) == 1 else "list"


def _decided(
    tx: Transaction, numbers: Sequence[str], scope: Scope
) -> tuple[Mapping[str, Award], Mapping[str, Decision]]:
    """The awards of these numbers that the scope covers, and what is decided for each number."""
    known = tx.awards.by_number([number for number in numbers if normal_number(number)])
    found = {number: award for number, award in known.items() if scope.covers(award.learner_id)}
    return found, {number: decide_revocation(found.get(number)) for number in numbers}


def _revocable(found: Mapping[str, Award], decisions: Mapping[str, Decision]) -> list[Award]:
    return [found[number] for number, each in decisions.items() if each.outcome is Outcome.REVOKED]


def _report(
    found: Mapping[str, Award], decisions: Mapping[str, Decision], restored: Mapping[int | None, str]
) -> RevokeReport:
    """What was decided, with the number of what is live again by the id of the award that had renewed it."""
    return RevokeReport.of(
        [
            Revocation(number, each.outcome, each.reason, restored.get(found[number].id) if number in found else None)
            for number, each in decisions.items()
        ]
    )


def _predecessors(tx: Transaction, awards: Sequence[Award]) -> list[tuple[Award, Award]]:
    """The archived award that each of these renewed, where there is one, with the one that renewed it."""
    found = tx.awards.by_id({award.renews for award in awards if award.renews is not None})
    pairs = [(found[award.renews], award) for award in awards if award.renews in found]
    return [(before, award) for before, award in pairs if before.renewed_by == award.id]


def _reported(job: Job) -> RevokeReport:
    """The report that a job has so far."""
    report = JSON.structure(so_far(job), RevokeReport) if "counts" in job.result else NOTHING
    return evolve(report, state=job.state, job_id=job.public_id)
