"""Revocations: for ever, at once, and once; and what may live again after them."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve

from certcore.adapters.memory import MemoryDirectory
from certcore.domain.awards import Award, Status, status
from certcore.domain.decisions import Held, Outcome
from certcore.domain.history import HistoryEntry, verifies
from certcore.domain.jobs import JobState
from certcore.domain.people import Act, Actor, Person, Role, Scope
from certcore.errors import IdempotencyConflict, InvalidValue, NotFound, NotLive, NotRestorable, StorageError
from certcore.ports import AccessPolicy
from certcore.registrar import Registrar
from certcore.testing.threads import at_once
from tests.services.lost_commits import LosesTheNextCommit
from tests.services.platform import ADMIN, Platform, platform_over

FRAUD = "Fraud, see file 12"


@pytest.fixture
def number(platform: Platform) -> str:
    """An award of Ana's."""
    platform.certification()
    platform.award("ana")
    return platform.number_of("ana")


def renewed(platform: Platform, issued_on: date = date(2026, 3, 1)) -> tuple[str, str]:
    """The numbers of an award of Ana's and of the one that renewed it."""
    platform.certification()
    platform.award("ana", issued_on=date(2026, 1, 1))
    first = platform.number_of("ana")
    report = platform.award("ana", issued_on=issued_on, held=Held.RENEW)
    return first, str(report.outcomes[0].number)


def shown(platform: Platform, number: str) -> tuple[Award, list[HistoryEntry]]:
    """An award and its history."""
    record, history = platform.registrar.reporting.show(number, actor=ADMIN)
    return record.award, list(history)


def status_of(platform: Platform, number: str) -> Status:
    """The status of an award by the clock of now."""
    return status(shown(platform, number)[0], platform.now)


def test_a_revoked_award_is_lost_at_once_and_for_ever(platform: Platform, number: str) -> None:
    """R-61: verification says revoked; who, when and why stay in a history that verifies; the learner is told."""
    outcome = platform.registrar.archiving.revoke(number, reason=FRAUD, actor=ADMIN)
    assert (outcome.number, outcome.outcome, outcome.restored) == (number, Outcome.REVOKED, None)
    award, (issued, revoked) = shown(platform, number)
    assert [status(award, platform.now + timedelta(days=days)) for days in (-1, 0, 9_999)] == [
        Status.UPCOMING if award.period.issued_at > platform.now - timedelta(days=1) else Status.ACTIVE,
        Status.REVOKED,
        Status.REVOKED,
    ]
    assert list(platform.registrar.reporting.awarded("SAFE-1", actor=ADMIN)) == []
    assert json.loads(revoked.personal or "") == {"actor": ADMIN.id, "learner": "id-ana", "note": FRAUD}
    assert (revoked.act, revoked.at, revoked.hash) == ("revoked", platform.now, award.head)
    assert verifies(issued.hash, revoked)
    with platform.storage.reading() as tx:
        event = tx.outbox.of([award.id])[award.id][-1]
    assert (event.kind, event.notify) == ("award.revoked", True)


def test_revoking_again_changes_nothing(platform: Platform, number: str) -> None:
    """R-65: not even when another reason is given, or what was renewed is to live again."""
    platform.registrar.archiving.revoke(number, reason=FRAUD, actor=ADMIN)
    before = shown(platform, number)
    platform.now += timedelta(days=1)
    again = platform.registrar.archiving.revoke(number.lower(), reason="Other", restore=True, actor=ADMIN)
    assert (again.number, again.outcome) == (number, Outcome.UNCHANGED)
    assert shown(platform, number) == before


@pytest.mark.parametrize("reason", ["", "  ", "\x00"])
def test_a_revocation_without_a_reason_is_refused(platform: Platform, number: str, reason: str) -> None:
    """R-61: it needs a reason; nothing happens without."""
    with pytest.raises(InvalidValue):
        platform.registrar.archiving.revoke(number, reason=reason, actor=ADMIN)
    with pytest.raises(InvalidValue):
        platform.registrar.archiving.revoke_many([number], reason=reason, actor=ADMIN)
    assert shown(platform, number)[0].live


def test_only_the_live_award_is_revoked(platform: Platform) -> None:
    """R-65: what was renewed or taken back is history."""
    first, second = renewed(platform)
    with pytest.raises(NotLive, match=first):
        platform.registrar.archiving.revoke(first, reason=FRAUD, actor=ADMIN)
    platform.registrar.correcting.unassign(second, actor=ADMIN)
    with pytest.raises(NotLive, match=second):
        platform.registrar.archiving.revoke(second, reason=FRAUD, actor=ADMIN)


def test_the_archived_predecessor_stays_archived(platform: Platform) -> None:
    """R-65: unless the caller restores it, which can be done later too."""
    first, second = renewed(platform)
    platform.registrar.archiving.revoke(second, reason=FRAUD, actor=ADMIN)
    assert status_of(platform, first) is Status.ARCHIVED
    platform.registrar.archiving.restore(first, actor=ADMIN, reason="An appeal")
    award, history = shown(platform, first)
    assert (award.live, award.renewed_by, award.period.issued_on) == (True, None, date(2026, 1, 1))
    assert [entry.act for entry in history] == ["issued", "renewed", "restored"]
    assert json.loads(history[-1].facts) == {"after": second}
    assert json.loads(history[-1].personal or "")["note"] == "An appeal"
    assert status_of(platform, second) is Status.REVOKED
    assert platform.registrar.archiving.restore(first, actor=ADMIN) == award


def test_a_revocation_restores_the_predecessor_where_that_is_asked(platform: Platform) -> None:
    """R-65: in the same transaction, and told by its number; a first award has none."""
    first, second = renewed(platform)
    outcome = platform.registrar.archiving.revoke(second, reason=FRAUD, restore=True, actor=ADMIN)
    assert outcome.restored == first
    assert (status_of(platform, first), status_of(platform, second)) == (Status.ACTIVE, Status.REVOKED)
    platform.award("bo")
    alone = platform.registrar.reporting.search(actor=ADMIN, username="bo").records[0].award.number
    assert platform.registrar.archiving.revoke(alone, reason=FRAUD, restore=True, actor=ADMIN).restored is None


def test_what_was_restored_can_be_renewed_and_revoked_as_before(platform: Platform) -> None:
    """R-60, R-65: the chain goes on from it; the revoked award stays beside it."""
    first, second = renewed(platform)
    platform.registrar.archiving.revoke(second, reason=FRAUD, restore=True, actor=ADMIN)
    third = str(platform.award("ana", issued_on=date(2026, 3, 2), held=Held.RENEW).outcomes[0].number)
    ids = {each: shown(platform, each)[0] for each in (first, second, third)}
    assert ids[first].renewed_by == ids[third].id
    assert ids[third].renews == ids[second].renews == ids[first].id
    platform.registrar.archiving.revoke(third, reason=FRAUD, restore=True, actor=ADMIN)
    assert shown(platform, first)[0].live


def test_f15_no_award_before_a_revoked_one_stays_valid(platform: Platform) -> None:
    """R-14, R-61: a renewal that has not begun is revoked, and what would have been valid until then is over."""
    platform.certification()
    numbers = [
        str(platform.award("ana", issued_on=start, held=Held.RENEW).outcomes[0].number)
        for start in (date(2026, 1, 1), date(2026, 6, 1), date(2026, 9, 1))
    ]
    assert [status_of(platform, each) for each in numbers] == [Status.ACTIVE, Status.UPCOMING, Status.UPCOMING]
    platform.registrar.archiving.revoke(numbers[2], reason=FRAUD, actor=ADMIN)
    for days in (0, 1, 100, 200, 1_000):
        platform.now = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(days=days)
        assert [status_of(platform, each) for each in numbers] == [Status.ARCHIVED, Status.ARCHIVED, Status.REVOKED]
    assert [entry.act for entry in shown(platform, numbers[0])[1]] == ["issued", "renewed", "cut_short"]


def test_a_restored_award_is_not_cut_short(platform: Platform) -> None:
    """R-65: the one before the revoked renewal lives again, and with it what is valid until it starts."""
    first, second = renewed(platform, date(2026, 9, 1))
    platform.registrar.archiving.revoke(second, reason=FRAUD, restore=True, actor=ADMIN)
    assert status_of(platform, first) is Status.ACTIVE
    assert [entry.act for entry in shown(platform, first)[1]] == ["issued", "renewed", "restored"]


def test_only_the_predecessor_of_what_was_taken_away_is_restored(platform: Platform) -> None:
    """R-65: not while its renewal lives, and not beside another live award; an unassigned renewal counts too."""
    first, second = renewed(platform)
    with pytest.raises(NotRestorable, match=first):
        platform.registrar.archiving.restore(first, actor=ADMIN)
    platform.registrar.correcting.unassign(second, actor=ADMIN)
    anew = str(platform.award("ana").outcomes[0].number)
    for number in (first, second):
        with pytest.raises(NotRestorable, match=number):
            platform.registrar.archiving.restore(number, actor=ADMIN)
    platform.registrar.correcting.unassign(anew, actor=ADMIN)
    with pytest.raises(NotRestorable, match=anew):
        platform.registrar.archiving.restore(anew, actor=ADMIN)
    assert platform.registrar.archiving.restore(first, actor=ADMIN).live


def test_issuing_anew_gives_the_certification_back(platform: Platform, number: str) -> None:
    """R-65, f49: by hand, after the revocation: a new award with a number of its own, not a renewal."""
    platform.registrar.archiving.revoke(number, reason=FRAUD, actor=ADMIN)
    report = platform.award("ana", issued_on=date(2026, 1, 1))
    assert report.counts == {Outcome.NEW: 1}
    award, _ = shown(platform, str(report.outcomes[0].number))
    assert (award.live, award.renews) == (True, None)
    assert status_of(platform, number) is Status.REVOKED


def test_f31_a_clock_that_steps_back_revokes_at_once_all_the_same(platform: Platform, number: str) -> None:
    """R-61: order is that of the history's sequence, not of its instants; from the revocation on never active."""
    platform.registrar.correcting.edit(number, actor=ADMIN, expires_on=date(2028, 1, 1))
    platform.now -= timedelta(hours=1)
    platform.registrar.archiving.revoke(number, reason=FRAUD, actor=ADMIN)
    award, history = shown(platform, number)
    assert [entry.seq for entry in history] == [1, 2, 3]
    assert [entry.act for entry in history] == ["issued", "edited", "revoked"]
    assert history[2].at < history[1].at
    assert all(
        status(award, platform.now + timedelta(hours=hours)) is Status.REVOKED for hours in (0, 1, 24, 9_999, 99_999)
    )
    assert platform.award("ana").counts == {Outcome.NEW: 1}


@pytest.mark.parametrize("text", ["", "ABCD", "0000-0000-0000-0", "x" * 10_000, "44RF-NDCD-4BPS-T", "\x00", "\ud800"])
def test_a_number_that_is_none_is_not_found(platform: Platform, text: str) -> None:
    """Wrong, foreign and unreadable numbers all look like not there, alone and among others."""
    with pytest.raises(NotFound):
        platform.registrar.archiving.revoke(text, reason=FRAUD, actor=ADMIN, key="k")
    with pytest.raises(NotFound):
        platform.registrar.archiving.restore(text, actor=ADMIN)
    report = platform.registrar.archiving.revoke_many([text], reason=FRAUD, actor=ADMIN, key="k")
    assert [(each.outcome, each.reason) for each in report.outcomes] == [(Outcome.REJECTED, "not_found")]


def test_many_are_revoked_as_one_is(platform: Platform) -> None:
    """R-34: each once, however often and however it is written; what cannot be revoked holds nothing up."""
    first, second = renewed(platform)
    platform.award("bo")
    (bo,) = platform.registrar.reporting.search(actor=ADMIN, username="bo").records
    numbers = [second, second.lower().replace("-", " "), first, "none", bo.award.number]
    report = platform.registrar.archiving.revoke_many(numbers, reason=FRAUD, actor=ADMIN)
    assert report.counts == {Outcome.REVOKED: 2, Outcome.REJECTED: 2}
    assert [(each.number, each.outcome, each.reason) for each in report.outcomes] == [
        (second, Outcome.REVOKED, None),
        (first, Outcome.REJECTED, "not_live"),
        ("none", Outcome.REJECTED, "not_found"),
        (bo.award.number, Outcome.REVOKED, None),
    ]
    again = platform.registrar.archiving.revoke_many([second, bo.award.number], reason=FRAUD, actor=ADMIN)
    assert again.counts == {Outcome.UNCHANGED: 2}
    assert platform.registrar.archiving.revoke_many([], reason=FRAUD, actor=ADMIN).outcomes == []


def test_a_preview_says_what_many_would_become_and_changes_nothing(platform: Platform) -> None:
    """R-61, R-65: the same outcomes as the act itself, also what would live again."""
    first, second = renewed(platform)
    numbers = [second, first, "no number"]
    before = [shown(platform, number) for number in (first, second)]
    for restore in (False, True):
        preview = platform.registrar.archiving.preview_revoke(numbers, actor=ADMIN, restore=restore)
        assert preview.outcomes[0].restored == (first if restore else None)
        assert [shown(platform, number) for number in (first, second)] == before
    done = platform.registrar.archiving.revoke_many(numbers, reason=FRAUD, restore=True, actor=ADMIN)
    assert (preview.outcomes, preview.counts) == (done.outcomes, done.counts)


def test_a_key_gives_the_same_answer_and_another_act_a_conflict(platform: Platform, number: str) -> None:
    """R-34: one and many; the answer is that of the first time, not that nothing changed."""
    first = platform.registrar.archiving.revoke(number, reason=FRAUD, actor=ADMIN, key="k")
    assert platform.registrar.archiving.revoke(number, reason=FRAUD, actor=ADMIN, key="k") == first
    assert first.outcome is Outcome.REVOKED
    for parts in ({"reason": "Other"}, {"restore": True}, {"actor": Actor.program("other")}):
        act = {"reason": FRAUD, "actor": ADMIN, **parts}
        with pytest.raises(IdempotencyConflict):
            platform.registrar.archiving.revoke(number, key="k", **act)  # type: ignore[arg-type]
    many = platform.registrar.archiving.revoke_many([number], reason=FRAUD, actor=ADMIN, key="many")
    assert platform.registrar.archiving.revoke_many([number], reason=FRAUD, actor=ADMIN, key="many") == many


@pytest.mark.parametrize("committed", [False, True], ids=["rolled back", "committed"])
def test_f37_a_commit_of_which_nobody_knows_is_found_out_by_the_key(
    platform: Platform, number: str, committed: bool
) -> None:
    """R-34: the error is typed; the next call under the key finds out: one effect, and the first answer."""
    platform.storage = LosesTheNextCommit(platform.storage, committed=committed)
    platform.__attrs_post_init__()
    with pytest.raises(StorageError):
        platform.registrar.archiving.revoke(number, reason=FRAUD, actor=ADMIN, key="k")
    assert shown(platform, number)[0].live is not committed
    assert platform.registrar.archiving.revoke(number, reason=FRAUD, actor=ADMIN, key="k").outcome is Outcome.REVOKED
    assert [entry.act for entry in shown(platform, number)[1]] == ["issued", "revoked"]


def test_f15_many_threads_revoking_and_renewing_end_as_one_after_the_other(platform: Platform, number: str) -> None:
    """R-61, R-65: either the revocation came first and the renewal issued anew, or it came too late for that award."""
    outcomes: list[object] = []

    def revoke() -> None:
        try:
            outcomes.append(platform.registrar.archiving.revoke(number, reason=FRAUD, actor=ADMIN).outcome)
        except NotLive:
            outcomes.append(None)

    def renew() -> None:
        platform.award("ana", issued_on=date(2026, 3, 2), held=Held.RENEW)

    assert at_once([revoke, renew, revoke, renew, revoke]) == [None] * 5
    award, history = shown(platform, number)
    acts = [entry.act for entry in history]
    if acts == ["issued", "revoked"]:
        assert outcomes.count(Outcome.REVOKED) == 1
        assert outcomes.count(Outcome.UNCHANGED) == 2
        assert award.renewed_by is None
    else:
        assert acts == ["issued", "renewed"]
        assert outcomes == [None] * 3
    live = [each.award for each in platform.registrar.reporting.search(actor=ADMIN).records if each.award.live]
    assert len(live) == 1
    assert live[0].renews == (award.id if acts[-1] == "renewed" else None)


def with_jobs(platform: Platform, *, at_once: int, batch: int = 5_000) -> Platform:
    """The same host, where long acts are jobs from there on."""
    platform.settings = evolve(platform.settings, at_once=at_once, batch=batch)
    platform.__attrs_post_init__()
    return platform


def without_queue(platform: Platform) -> Registrar:
    """The same host without a job queue: what is queued waits."""
    return Registrar(
        storage=platform.storage,
        directory=platform.directory,
        catalog=platform.catalog,
        clock=lambda: platform.now,
        settings=platform.settings,
    )


def test_f21_more_than_a_hundred_are_a_job_and_each_is_revoked_once(platform: Platform) -> None:
    """R-31, R-34: in batches, with a report that keeps what was not revoked."""
    people = [f"user{n:03}" for n in range(7)]
    platform = with_jobs(platform_over(platform.storage, people), at_once=5, batch=3)
    platform.certification()
    platform.award(*people)
    numbers = [each.award.number for each in platform.registrar.reporting.search(actor=ADMIN).records]
    assert platform.registrar.archiving.revoke_many(numbers[:5], reason=FRAUD, actor=ADMIN).job_id is None
    report = platform.registrar.archiving.revoke_many([*numbers, "none"], reason=FRAUD, actor=ADMIN, key="k")
    assert (report.state, report.counts) == (
        JobState.DONE,
        {Outcome.REVOKED: 2, Outcome.UNCHANGED: 5, Outcome.REJECTED: 1},
    )
    assert len(report.outcomes) == 6
    assert platform.registrar.archiving.revoke_many([*numbers, "none"], reason=FRAUD, actor=ADMIN, key="k") == report
    assert platform.registrar.running.get(str(report.job_id)).done == 8
    assert all(len(shown(platform, number)[1]) == 2 for number in numbers)


def test_f21_the_access_policy_is_asked_for_the_batch_and_not_for_each(platform: Platform) -> None:
    """R-114: everybody is judged, by one answer."""

    class Spy(AccessPolicy):
        asked = 0

        def scope(self, actor: Actor, act: Act) -> Scope:  # noqa: ARG002
            self.asked += 1
            return Scope(learners=frozenset({"id-ana", "id-bo"}))

    platform.certification()
    platform.award("ana", "bo", "cy")
    spy = Spy()
    platform.registrar = Registrar(
        storage=platform.storage,
        directory=platform.directory,
        catalog=platform.catalog,
        access=spy,
        clock=lambda: platform.now,
    )
    numbers = {name: platform_over(platform.storage).number_of(name) for name in ("ana", "bo", "cy")}
    report = platform.registrar.archiving.revoke_many(numbers.values(), reason=FRAUD, actor=Actor("id-boss"))
    assert [each.outcome for each in report.outcomes] == [Outcome.REVOKED, Outcome.REVOKED, Outcome.REJECTED]
    assert spy.asked == 2


def test_f30_a_queued_revocation_is_refused_when_its_actor_has_lost_the_right(platform: Platform) -> None:
    """R-34: a job runs with its actor's rights at the moment it runs."""
    platform = with_jobs(platform, at_once=1)
    platform.certification()
    platform.award("ana", "bo")
    numbers = [each.award.number for each in platform.registrar.reporting.search(actor=ADMIN).records]
    platform.registrar = without_queue(platform)
    waiting = platform.registrar.archiving.revoke_many(numbers, reason=FRAUD, actor=ADMIN)
    assert (waiting.state, waiting.outcomes) == (JobState.QUEUED, ())
    platform.directory = MemoryDirectory([Person(ADMIN.id, "admin")], roles={"admin": [Role.LEARNER]})
    (failed,) = without_queue(platform).running.run_queued()
    assert (failed.public_id, failed.state) == (waiting.job_id, JobState.FAILED)
    assert failed.result["error"]["code"] == "not_found"  # type: ignore[index]
    assert all(shown(platform, number)[0].live for number in numbers)
