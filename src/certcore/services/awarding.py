"""Awarding by hand: to any mix of people, groups and branches (R-30 to R-34)."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime

from attrs import evolve, field, frozen

from certcore.codec import JSON
from certcore.domain.awards import MANUAL, NO_DETAILS, Basis, Details, Period, computed_period, typed_period
from certcore.domain.certifications import Certification
from certcore.domain.checks import member, nfc
from certcore.domain.decisions import Decision, Held, Offer, Outcome, revoked_since
from certcore.domain.jobs import Job, JobState
from certcore.domain.people import Act, Actor, Person, Scope
from certcore.domain.time import format_instant
from certcore.domain.transitions import Context
from certcore.errors import InvalidValue, Retired
from certcore.ports import Ports, Transaction
from certcore.services.access import demand
from certcore.services.defining import check_carries, find_certification
from certcore.services.jobs import Stopping, in_batches, never, new_job, once, payload_as, so_far
from certcore.services.running import Handler, queue
from certcore.services.units import Candidate, carry_out, decisions_for, in_unit

JOB_KIND = "award"
_OUTCOMES_KEPT_BY_A_JOB = 1_000


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


def _held(held: Held | str) -> Held:
    return member(Held, "held", held)


@frozen(kw_only=True)
class AwardRequest:
    """Whom to award what (R-30); the dates are civil dates in ``zone``, by default the platform's.

    Without ``expires_on`` and ``always_valid`` the certification's own validity decides. ``held`` says what to do with
    who holds a live award already.
    """

    certification: str | int
    issued_on: date
    usernames: tuple[str, ...] = field(default=(), converter=_texts)
    groups: tuple[str, ...] = field(default=(), converter=_texts)
    branches: tuple[str, ...] = field(default=(), converter=_texts)
    zone: str | None = None
    expires_on: date | None = None
    always_valid: bool = field(default=False)
    basis: Basis = MANUAL
    details: Details = NO_DETAILS
    notify: bool = True
    held: Held = field(default=Held.KEEP, converter=_held)

    @always_valid.validator
    def _one_expiry(self, _attribute: object, always_valid: bool) -> None:
        if always_valid and self.expires_on is not None:
            raise InvalidValue("expires_on", self.expires_on.isoformat(), "no expiry date for an award always valid")

    @held.validator
    def _not_in_place(self, _attribute: object, held: Held) -> None:
        if held is Held.UPDATE:
            raise InvalidValue("held", held.value, "keep, renew or refuse; edit an award to change it in place")


@frozen
class AwardOutcome:
    """What became of one person: the ``number`` of the award they hold now, the ``reason`` code when rejected."""

    username: str
    outcome: Outcome
    number: str | None = None
    reason: str | None = None


@frozen
class AwardReport:
    """What became of everybody, counted by outcome and person by person.

    A job (``job_id``) keeps the first 1,000 outcomes other than `new`; an act done at once keeps all of them.
    """

    people: int
    counts: Mapping[Outcome, int]
    outcomes: Sequence[AwardOutcome]
    state: JobState = JobState.DONE
    job_id: str | None = None


@frozen
class _Recipient:
    username: str
    person: Person | None


@frozen
class Awarding:
    """Awards by hand."""

    _ports: Ports

    def award(self, request: AwardRequest, *, actor: Actor, key: str | None = None) -> AwardReport:
        """Award everybody whom the request names, each person once; the outcome is reported per person (R-30).

        More than `Settings.at_once` people make a job, done by the job queue or by `Running.run_queued` (R-31). With
        an idempotency ``key`` the same request gives the same report, another one `IdempotencyConflict` (R-34). Raises
        `NotFound`, `Retired`, `NotAllowedHere`, `InvalidValue` and the dates' errors; then nobody was awarded.
        """
        self._check(request, actor)
        recipients = self._recipients(request)
        long = len(recipients) > self._ports.settings.at_once
        if not long and key is None:
            return in_unit(self._ports.storage, lambda tx: self._award(tx, request, recipients, actor, None))
        job = new_job(
            self._ports,
            JOB_KIND,
            JSON.unstructure(request),
            actor,
            key=key,
            state=JobState.QUEUED if long else JobState.DONE,
            total=len(recipients),
            checkpoint=self._checkpoint(request, recipients) if long else {},
        )
        if long:
            return _reported(queue(self._ports, job, self.handler))

        def at_once(tx: Transaction, job: Job) -> Job:
            report = self._award(tx, request, recipients, actor, job.id)
            return evolve(job, done=len(recipients), result=JSON.unstructure(report), checkpoint={})

        return _reported(once(self._ports, job, at_once))

    @property
    def handler(self) -> Handler:
        """How the jobs are done that `award` makes."""
        return Handler(self.run, Act.AWARD)

    def run(self, job: Job, stopping: Stopping = never) -> Job:
        """Do a queued job in batches, each with the rights its actor has at that moment; goes on where it stopped.

        Whoever's award was revoked after it was asked for is refused (R-65). Raises `UnknownJob` for one that cannot be
        read.
        """
        request = payload_as(AwardRequest, job)
        everybody: Sequence[tuple[str, str | None]] = job.checkpoint.get("recipients", ())  # type: ignore[assignment]
        revoked = JSON.structure(job.checkpoint.get("revoked", {}), dict[str, datetime])

        def work(tx: Transaction, job: Job, batch: Sequence[tuple[str, str | None]]) -> dict[str, object]:
            self._check(request, job.actor)
            known = self._ports.directory.people([person_id for _, person_id in batch if person_id])
            recipients = [_Recipient(username, known.get(person_id or "")) for username, person_id in batch]
            report = _added(_reported(job), self._award(tx, request, recipients, job.actor, job.id, revoked))
            return JSON.unstructure(report)  # type: ignore[no-any-return]

        return in_batches(self._ports, job, everybody, work, stopping)

    def _check(self, request: AwardRequest, actor: Actor) -> None:
        settings = self._ports.settings
        settings.check_by_hand()
        settings.check_basis(request.basis)
        settings.check_credits(request.details.credits)
        demand(self._ports, actor, Act.AWARD, "certification", str(request.certification))

    def _checkpoint(self, request: AwardRequest, recipients: Sequence[_Recipient]) -> dict[str, object]:
        """Who is to be awarded, and whose award was revoked before that was asked for (R-65)."""
        ids = [each.person.id for each in recipients if each.person]
        with self._ports.storage.reading() as tx:
            certification = find_certification(tx, request.certification)
            revoked = tx.awards.latest_revocations([certification.id], ids)
        return {
            "recipients": [[each.username, each.person and each.person.id] for each in recipients],
            "revoked": {learner_id: format_instant(at) for (_, learner_id), at in revoked.items()},
        }

    def _recipients(self, request: AwardRequest) -> list[_Recipient]:
        usernames = list(dict.fromkeys(nfc(username.strip()) for username in request.usernames))
        matched = self._ports.directory.match(usernames)
        found: dict[object, _Recipient] = {}
        for username in usernames:
            person = matched.get(username)
            found.setdefault(person.id if person else (username,), _Recipient(username, person))
        for person in self._ports.directory.members(request.groups, request.branches):
            found.setdefault(person.id, _Recipient(person.username, person))
        return list(found.values())

    def _award(
        self,
        tx: Transaction,
        request: AwardRequest,
        recipients: Sequence[_Recipient],
        actor: Actor,
        job_id: int | None,
        revoked: Mapping[str, datetime] | None = None,
    ) -> AwardReport:
        """Award them; ``revoked`` are the revocations known when it was asked for, None when that is now."""
        certification = find_certification(tx, request.certification)
        if certification.retired:
            raise Retired(certification.label)
        check_carries(tx, certification, request.basis.item)
        offer = Offer(self._period(request, certification), request.basis, request.details)
        scope = self._ports.access.scope(actor, Act.AWARD)
        ids = [each.person.id for each in recipients if each.person]
        live = tx.awards.live([certification.id], ids)
        since = frozenset[str]() if revoked is None else _revoked_since(tx, certification, ids, revoked)
        refusals = [_refusal(each, scope, since) for each in recipients]
        people = {
            each.person.id: each.person
            for each, refusal in zip(recipients, refusals, strict=True)
            if each.person and refusal is None
        }
        candidates = [
            Candidate(certification, person, offer, live.get((certification.id, person.id)))
            for person in people.values()
        ]
        context = Context(actor, self._ports.now(), job_id)
        decisions = decisions_for(candidates, request.held)
        numbers = carry_out(tx, candidates, decisions, context, self._ports.random_bytes, notify=request.notify)
        settled = dict(zip(people, zip(decisions, numbers, strict=True), strict=True))
        outcomes = [_outcome(each, refusal, settled) for each, refusal in zip(recipients, refusals, strict=True)]
        return AwardReport(len(outcomes), Counter(each.outcome for each in outcomes), outcomes)

    def _period(self, request: AwardRequest, certification: Certification) -> Period:
        zone = request.zone or self._ports.settings.zone
        if request.always_valid or request.expires_on is not None:
            return typed_period(certification.policy, request.issued_on, zone, request.expires_on)
        return computed_period(certification.policy, request.issued_on, zone)


def _revoked_since(
    tx: Transaction, certification: Certification, ids: Sequence[str], known: Mapping[str, datetime]
) -> frozenset[str]:
    """Whose award was revoked later than ``known``; read after the live awards, so that no revocation falls between."""
    latest = tx.awards.latest_revocations([certification.id], ids)
    return frozenset(learner_id for (_, learner_id), at in latest.items() if revoked_since(at, known.get(learner_id)))


def _refusal(recipient: _Recipient, scope: Scope, revoked: Collection[str]) -> str | None:
    if recipient.person is None or not scope.covers(recipient.person.id):
        return "unknown_user"
    if not recipient.person.active:
        return "deactivated_user"
    return "revoked" if recipient.person.id in revoked else None


def _outcome(
    recipient: _Recipient, refusal: str | None, settled: Mapping[str, tuple[Decision, str | None]]
) -> AwardOutcome:
    if refusal is not None or recipient.person is None:
        return AwardOutcome(recipient.username, Outcome.REJECTED, reason=refusal)
    decision, number = settled[recipient.person.id]
    return AwardOutcome(recipient.username, decision.outcome, number, decision.reason)


def _reported(job: Job) -> AwardReport:
    """The report that a job has so far."""
    if "people" not in job.result:
        return AwardReport(0, {}, [], job.state, job.public_id)
    return evolve(JSON.structure(so_far(job), AwardReport), state=job.state, job_id=job.public_id)


def _added(so_far: AwardReport, batch: AwardReport) -> AwardReport:
    telling = [each for each in batch.outcomes if each.outcome is not Outcome.NEW]
    return evolve(
        so_far,
        people=so_far.people + batch.people,
        counts=Counter(so_far.counts) + Counter(batch.counts),
        outcomes=[*so_far.outcomes, *telling][:_OUTCOMES_KEPT_BY_A_JOB],
    )
