"""Awarding by hand: to whom, for how long, and what happens to those who hold one already."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest

from certcore.adapters.memory import MemoryDirectory
from certcore.codec import JSON
from certcore.domain.awards import Basis, BasisKind, Details, EndReason, Link, Status
from certcore.domain.decisions import Held, Outcome
from certcore.domain.history import verifies
from certcore.domain.jobs import JobState
from certcore.domain.people import Actor, Person, Role
from certcore.errors import (
    IdempotencyConflict,
    InvalidValue,
    NotAllowedHere,
    NotFound,
    NumberTaken,
    Retired,
    SkippedDay,
    UnknownZone,
)
from certcore.ports import Storage
from certcore.registrar import Registrar
from certcore.services.awarding import AwardReport, AwardRequest
from tests.services.platform import ADMIN, Platform, platform_over


def outcomes(report: AwardReport) -> dict[str, str]:
    """The outcome of each person, or the reason where there is one."""
    return {each.username: each.reason or each.outcome for each in report.outcomes}


def test_people_groups_and_branches_each_person_once(platform: Platform) -> None:
    """R-30: any mix, branches with their sub-branches, each person once."""
    platform.certification()
    report = platform.award("ana", groups=["nurses"], branches=["italy"])
    assert outcomes(report) == {"ana": "new", "bo": "new"}
    assert report.people == 2


def test_unknown_and_deactivated_people_are_reported_and_the_rest_goes_on(platform: Platform) -> None:
    """R-24, f18: a refusal per person, never of the batch."""
    platform.certification()
    assert outcomes(platform.award("ana", "gone", "nobody")) == {
        "ana": "new",
        "gone": "deactivated_user",
        "nobody": "unknown_user",
    }


def test_what_to_do_with_holders_is_taken_as_text_too_and_never_guessed(platform: Platform) -> None:
    """R-30: text that means a choice is that choice; an award is not edited in place because of a word."""
    platform.certification()
    platform.award("ana")
    before = platform.registrar.reporting.search(actor=ADMIN, username="ana").records
    assert outcomes(platform.award("ana", issued_on=date(2026, 9, 1), held="keep")) == {"ana": "already_held"}
    assert outcomes(platform.award("ana", issued_on=date(2026, 9, 1), held="refuse")) == {"ana": "already_held"}
    for held in ("update", "keeep", None):
        with pytest.raises(InvalidValue, match="held"):
            platform.award("ana", held=held)
    assert platform.registrar.reporting.search(actor=ADMIN, username="ana").records == before


def test_the_validity_of_the_certification_counts_from_the_issue_date(platform: Platform) -> None:
    """R-2, R-13: civil date plus length, in the award's zone; valid until the first instant of the day it ends."""
    platform.certification()
    platform.award("ana", issued_on=date(2024, 2, 29), zone="America/Havana")
    period = platform.registrar.reporting.search(actor=ADMIN).records[0].award.period
    assert (period.issued_at, period.expires_on) == (datetime(2024, 2, 29, 5, tzinfo=UTC), date(2025, 2, 28))
    assert (period.expires_at, period.last_valid_day) == (datetime(2025, 2, 28, 5, tzinfo=UTC), date(2025, 2, 27))


@pytest.mark.parametrize(
    ("parts", "expires_on"), [({"expires_on": date(2027, 1, 1)}, date(2027, 1, 1)), ({"always_valid": True}, None)]
)
def test_a_typed_expiry_or_always_valid_outranks_the_validity(
    platform: Platform, parts: dict[str, Any], expires_on: date | None
) -> None:
    """R-30: expiry date, always valid, or the certification's own validity."""
    platform.certification()
    platform.award("ana", **parts)
    assert platform.registrar.reporting.search(actor=ADMIN).records[0].award.period.expires_on == expires_on


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ({"expires_on": date(2026, 3, 1)}, InvalidValue),
        ({"expires_on": date(2027, 3, 1), "always_valid": True}, InvalidValue),
        ({"zone": "Mars/Base"}, UnknownZone),
        ({"zone": "Pacific/Apia", "issued_on": date(2011, 12, 30)}, SkippedDay),
        ({"held": Held.UPDATE}, InvalidValue),
        ({"basis": Basis(BasisKind.COURSE, "C-2")}, InvalidValue),
        ({"basis": Basis(BasisKind.EXTERNAL_ACTIVITY, "none")}, InvalidValue),
        ({"code": "NONE-1"}, NotFound),
        ({"groups": ["nobody's"]}, NotFound),
    ],
)
def test_what_cannot_be_awarded_awards_nobody(
    platform: Platform, parts: dict[str, Any], error: type[Exception]
) -> None:
    """A typed error, and nothing is written."""
    platform.certification()
    with pytest.raises(error):
        platform.award("ana", **parts)
    assert platform.registrar.reporting.search(actor=ADMIN).records == []


def test_a_retired_certification_takes_no_new_awards(platform: Platform) -> None:
    """R-4: retired, history kept."""
    platform.certification()
    platform.award("ana")
    platform.registrar.defining.retire("SAFE-1", actor=ADMIN)
    with pytest.raises(Retired):
        platform.award("bo")
    assert len(platform.registrar.reporting.search(actor=ADMIN).records) == 1


@pytest.mark.parametrize(
    ("held", "outcome"), [(Held.KEEP, "already_held"), (Held.REFUSE, "already_held"), (Held.RENEW, "renewed")]
)
def test_holders_are_kept_refused_or_renewed(platform: Platform, held: Held, outcome: str) -> None:
    """R-30: who already holds a live award, by the caller's choice."""
    platform.certification()
    platform.award("ana")
    report = platform.award("ana", issued_on=date(2026, 9, 1), held=held)
    assert outcomes(report) == {"ana": outcome}
    assert report.outcomes[0].outcome is (Outcome.REJECTED if held is Held.REFUSE else Outcome(outcome))


def test_a_renewed_award_is_archived_and_linked_and_valid_until_its_successor_starts(platform: Platform) -> None:
    """R-14, R-60: archived, never overwritten; linked both ways; valid until the successor starts."""
    platform.certification()
    platform.award("ana")
    first = platform.number_of("ana")
    platform.award("ana", issued_on=date(2026, 9, 1), zone="UTC", held=Held.RENEW)
    old, _ = platform.registrar.reporting.show(first, actor=ADMIN)
    assert old.renewed_by is not None
    new, _ = platform.registrar.reporting.show(old.renewed_by, actor=ADMIN)
    assert (old.status, new.status, new.renews) == (Status.ACTIVE, Status.UPCOMING, first)
    platform.now = datetime(2026, 9, 1, tzinfo=UTC)
    old, _ = platform.registrar.reporting.show(first, actor=ADMIN)
    new, _ = platform.registrar.reporting.show(old.renewed_by or "", actor=ADMIN)
    assert (old.status, new.status) == (Status.ARCHIVED, Status.ACTIVE)


def test_f21_a_hundred_people_are_awarded_at_once_and_one_more_makes_a_job(
    new_storage: Callable[[], Storage],
) -> None:
    """R-31: more than 100 people make a job, fewer run at once; each is awarded once."""
    people = [f"user{n:03}" for n in range(101)]
    platform = platform_over(new_storage(), people)
    platform.certification()
    assert platform.award(*people[:100]).job_id is None
    report = platform.award(*people)
    assert (report.state, report.counts) == (JobState.DONE, {Outcome.NEW: 1, Outcome.ALREADY_HELD: 100})
    assert report.job_id is not None
    assert platform.registrar.running.get(report.job_id).done == 101


def test_a_job_waits_where_there_is_no_queue(new_storage: Callable[[], Storage]) -> None:
    """R-31: without a queue the host runs what waits, when it wants."""
    platform = platform_over(new_storage(), at_once=1)
    platform.certification()
    registrar = platform.registrar = without_queue(platform)
    waiting = platform.award("ana", "bo")
    assert (waiting.state, waiting.people) == (JobState.QUEUED, 0)
    (done,) = registrar.running.run_queued()
    assert (done.state, done.done) == (JobState.DONE, 2)
    assert registrar.running.run_queued() == []


def test_f30_a_job_refuses_when_its_actor_has_lost_the_right(new_storage: Callable[[], Storage]) -> None:
    """R-34: a job runs with its actor's rights at the moment it runs."""
    platform = platform_over(new_storage(), at_once=1)
    platform.certification()
    platform.registrar = without_queue(platform)
    waiting = platform.award("ana", "bo")
    platform.directory = MemoryDirectory([Person(ADMIN.id, "admin")], roles={"admin": [Role.LEARNER]})
    (failed,) = without_queue(platform).running.run_queued()
    assert (failed.public_id, failed.state) == (waiting.job_id, JobState.FAILED)
    assert failed.result["error"]["code"] == "not_found"  # type: ignore[index]


def test_a_job_whose_process_was_killed_is_taken_up_where_it_stopped(new_storage: Callable[[], Storage]) -> None:
    """R-31: running it again does what is left, and nothing twice."""
    platform = platform_over(new_storage(), at_once=1, batch=1)
    platform.certification()
    platform.registrar = without_queue(platform)
    waiting = platform.award("ana", "bo", "cy")
    calls = iter(range(2))

    def dying() -> datetime:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return platform.now

    with pytest.raises(KeyboardInterrupt):
        without_queue(platform, dying).running.run_queued()
    job = platform.registrar.running.get(waiting.job_id or "")
    assert (job.state, 0 < job.done < 3) == (JobState.RUNNING, True)
    finished = platform.registrar.running.run(job.id)
    assert finished is not None
    assert (finished.state, finished.done, finished.result["counts"]) == (JobState.DONE, 3, {"new": 3})
    assert len(platform.registrar.reporting.search(actor=ADMIN).records) == 3


def without_queue(platform: Platform, clock: Callable[[], datetime] | None = None) -> Registrar:
    """A registrar whose jobs wait until they are run."""
    return Registrar(
        storage=platform.storage,
        directory=platform.directory,
        catalog=platform.catalog,
        settings=platform.settings,
        clock=clock or (lambda: platform.now),
    )


def test_f02_the_same_key_gives_the_same_answer_and_another_request_a_conflict(platform: Platform) -> None:
    """R-34: done once per key; the same key with other parameters is a typed conflict."""
    platform.certification()
    first = platform.award("ana", "nobody", key="k-1")
    assert platform.award("ana", "nobody", key="k-1") == first
    with pytest.raises(IdempotencyConflict):
        platform.award("bo", key="k-1")
    assert outcomes(platform.award("ana", key="k-2")) == {"ana": "already_held"}


def test_f13_many_threads_awarding_one_learner_make_one_award(platform: Platform) -> None:
    """R-23: one live award; losers get the winner, not an exception."""
    platform.certification()
    barrier, numbers = Barrier(6), set()

    def award() -> None:
        barrier.wait()
        numbers.add(platform.award("ana").outcomes[0].number)

    threads = [Thread(target=award) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert numbers == {platform.number_of("ana")}


def test_f20_a_number_that_is_taken_is_drawn_again_and_never_for_ever(platform: Platform) -> None:
    """R-25: retry on a collision; a source that always collides ends in a typed error with nothing written."""
    platform.certification()
    platform.award("ana")
    draws = iter([b"\0"] * 4)
    ports = platform.registrar.awarding._ports
    stuck = Registrar(
        storage=platform.storage,
        directory=ports.directory,
        catalog=ports.catalog,
        random_bytes=lambda count: next(draws, b"\1") * count,
        clock=lambda: platform.now,
    )
    platform.registrar = stuck
    assert outcomes(platform.award("bo")) == {"bo": "new"}
    assert outcomes(platform.award("cy")) == {"cy": "new"}
    platform.certification("SAFE-2")
    with pytest.raises(NumberTaken):
        platform.award("ana", code="SAFE-2")


def test_settings_switch_off_hands_providers_and_credits(new_storage: Callable[[], Storage]) -> None:
    """R-9: per platform, awarding by hand, the providers that may be named, and credits."""
    link = Basis(BasisKind.EXTERNAL_CERTIFICATION, links=(Link("Credly", "https://credly.example/1"),))
    closed = platform_over(new_storage(), award_by_hand=False)
    closed.certification()
    with pytest.raises(NotAllowedHere):
        closed.award("ana")
    strict = platform_over(new_storage(), providers=frozenset({"Accredible"}), credits=False)
    strict.certification()
    with pytest.raises(InvalidValue, match="Accredible"):
        strict.award("ana", basis=link)
    with pytest.raises(NotAllowedHere):
        strict.award("ana", details=Details(credits=Decimal("6.5")))


def test_an_award_carries_details_and_the_names_as_they_were_printed(platform: Platform) -> None:
    """R-26, R-28: score, completion date, credits, note; the learner's name at issue."""
    platform.certification()
    details = Details(Decimal("87.5"), date(2026, 2, 28), Decimal("6.5"), "by phone\nsecond line")
    platform.award("ana", details=details)
    award = platform.registrar.reporting.search(actor=ADMIN).records[0].award
    assert (award.details, award.learner_name) == (details, "Ana Rossi")


def test_every_award_has_one_history_entry_and_one_event(platform: Platform) -> None:
    """I5: a transition writes one entry of a chain that verifies, and one event that waits for the start."""
    platform.certification()
    platform.award("ana", issued_on=date(2026, 6, 1), zone="UTC", notify=False)
    award = platform.registrar.reporting.search(actor=ADMIN).records[0].award
    with platform.storage.reading() as tx:
        (entry,), (event,) = tx.history.of([award.id])[award.id], tx.outbox.of([award.id])[award.id]
    assert verifies(b"", entry)
    assert (entry.hash, entry.seq) == (award.head, award.version)
    assert (event.kind, event.notify, event.due_at) == ("award.issued", False, datetime(2026, 6, 1, tzinfo=UTC))


def test_only_admins_award(platform: Platform) -> None:
    """R-114: others are told what they would be told of a certification that does not exist."""
    platform.certification()
    request = AwardRequest(certification="SAFE-1", issued_on=date(2026, 1, 1), usernames=("ana",))
    with pytest.raises(NotFound):
        platform.registrar.awarding.award(request, actor=Actor("id-boss"))


def test_a_renewal_by_hand_never_ends_earlier_than_what_it_renews(platform: Platform) -> None:
    """R-53: never a shortened award; the person is told of, and keeps what they hold."""
    platform.certification()
    platform.award("ana", expires_on=date(2030, 1, 1))
    report = platform.award("ana", issued_on=date(2020, 1, 1), held=Held.RENEW)
    assert outcomes(report) == {"ana": "would_shorten"}
    assert report.outcomes[0].number == platform.number_of("ana")


def revoke(platform: Platform, username: str) -> str:
    """Revoke the live award that somebody has; its number."""
    records = platform.registrar.reporting.search(actor=ADMIN, username=username).records
    (number,) = [each.award.number for each in records if each.award.live]
    platform.registrar.archiving.revoke(number, reason="Fraud", actor=ADMIN)
    return number


def holders(platform: Platform) -> list[str]:
    """Who holds a live award, by name."""
    records = platform.registrar.reporting.search(actor=ADMIN, limit=1_000).records
    return sorted(each.username for each in records if each.award.live)


@pytest.mark.parametrize("held", [Held.KEEP, Held.RENEW, Held.REFUSE])
def test_f49_a_job_that_was_asked_for_before_a_revocation_does_not_undo_it(
    new_storage: Callable[[], Storage], held: Held
) -> None:
    """R-65: refused for that person, also when the certification was issued anew since; the rest goes on."""
    platform = platform_over(new_storage(), at_once=1)
    platform.certification()
    platform.award("ana")
    platform.award("cy")
    platform.registrar = without_queue(platform)
    waiting = platform.award("ana", "bo", "cy", issued_on=date(2026, 5, 1), held=held)
    for username in ("ana", "cy"):
        revoke(platform, username)
    platform.award("cy", issued_on=date(2026, 4, 1))
    platform.now += timedelta(hours=1)
    (done,) = platform.registrar.running.run_queued()
    assert done.public_id == waiting.job_id
    assert done.result["counts"] == {"rejected": 2, "new": 1}
    told = JSON.structure(done.result, AwardReport).outcomes
    assert [(each.username, each.reason) for each in told] == [("ana", "revoked"), ("cy", "revoked")]
    assert holders(platform) == ["bo", "cy"]


@pytest.mark.parametrize("step", [timedelta(0), timedelta(hours=-1), timedelta(days=1)])
def test_f49_a_job_that_is_asked_for_after_a_revocation_issues_anew(
    new_storage: Callable[[], Storage], step: timedelta
) -> None:
    """R-65, f31: asked for after it is what counts, not what a clock said that stood still or stepped back."""
    platform = platform_over(new_storage(), at_once=1)
    platform.certification()
    platform.award("ana")
    number = revoke(platform, "ana")
    platform.now += step
    platform.registrar = without_queue(platform)
    platform.award("ana", "bo", issued_on=date(2026, 1, 1))
    (done,) = platform.registrar.running.run_queued()
    assert done.result["counts"] == {"new": 2}
    assert holders(platform) == ["ana", "bo"]
    ending = platform.registrar.reporting.show(number, actor=ADMIN)[0].award.ending
    assert ending is not None
    assert ending.reason is EndReason.REVOKED


def test_f49_a_job_that_is_taken_up_again_leaves_revoked_what_it_awarded(new_storage: Callable[[], Storage]) -> None:
    """R-65: a batch is done once, though its job was killed after it, and a job that is done stays so."""
    platform = platform_over(new_storage(), at_once=1, batch=1)
    platform.certification()
    platform.registrar = without_queue(platform)
    waiting = platform.award("ana", "bo")
    clock = platform.registrar.awarding._ports.clock
    calls = iter([platform.now])

    def dying() -> datetime:
        now = next(calls, None)
        if now is None:
            raise KeyboardInterrupt
        return now

    object.__setattr__(platform.registrar.awarding._ports, "clock", dying)
    with pytest.raises(KeyboardInterrupt):
        platform.registrar.running.run_queued()
    object.__setattr__(platform.registrar.awarding._ports, "clock", clock)
    assert holders(platform) == ["ana"]
    revoke(platform, "ana")
    job_id = platform.registrar.running.get(str(waiting.job_id)).id
    for _ in range(2):
        done = platform.registrar.running.run(job_id)
        assert done is not None
        assert (done.state, done.done) == (JobState.DONE, 2)
        assert holders(platform) == ["bo"]


def test_f49_the_same_request_under_its_key_does_not_award_again(platform: Platform) -> None:
    """R-34, R-65: a retried call gives the first answer; a new one, asked for after the revocation, issues anew."""
    platform.certification()
    first = platform.award("ana", key="once")
    revoke(platform, "ana")
    assert platform.award("ana", key="once") == first
    assert holders(platform) == []
    assert outcomes(platform.award("ana", key="twice")) == {"ana": "new"}


def test_a_long_award_of_what_is_not_there_is_refused_at_once(new_storage: Callable[[], Storage]) -> None:
    """R-31: not only when its job runs."""
    platform = platform_over(new_storage(), at_once=1)
    with pytest.raises(NotFound):
        platform.award("ana", "bo", code="NONE-1")


def test_f21_everybody_is_authorised_and_checked_once(new_storage: Callable[[], Storage]) -> None:
    """R-114: a bulk award of many people asks directory and access policy for all of them, and for each one once."""
    people = [f"user{n:02}" for n in range(40)]
    platform = platform_over(new_storage(), people)
    platform.certification()
    asked: list[str] = []

    class Spy(MemoryDirectory):
        def match(self, usernames: Collection[str]) -> Mapping[str, Person]:
            asked.extend(usernames)
            return super().match(usernames)

        def roles(self, actor_id: str) -> frozenset[Role] | None:
            asked.append(actor_id)
            return super().roles(actor_id)

    platform.directory = Spy(platform.directory.people([f"id-{name}" for name in people]).values())
    platform.__attrs_post_init__()
    report = platform.award(*people, *people[:5])
    assert report.counts == {Outcome.NEW: 40}
    assert sorted(each for each in asked if each != ADMIN.id) == people
    assert asked.count(ADMIN.id) == 2
