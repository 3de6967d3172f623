"""Completions: what they earn, whatever comes twice, late, at once or from nobody; and why somebody has nothing."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certcore.adapters.memory import MemoryStorage
from certcore.domain.awards import Status, days_left, status
from certcore.domain.completions import Completion
from certcore.domain.decisions import Outcome
from certcore.domain.people import Actor
from certcore.domain.policy import Facts, RenewalPolicy
from certcore.domain.renewability import ItemProgress, ItemStatus
from certcore.errors import (
    InvalidValue,
    NaiveDatetime,
    NotAllowedHere,
    NotFound,
    NotRenewable,
    Retired,
    StorageError,
    UnknownZone,
)
from certcore.ports import Storage
from certcore.services.completing import Completed, CompletionReport
from certcore.testing.threads import at_once
from tests.services.host import C1, C2, C3, P1, X1, Host, host_over
from tests.services.lost_commits import LosesTheNextCommit
from tests.services.platform import ADMIN, Platform
from tests.services.test_invariants import check_invariants, dump

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def told(report: CompletionReport) -> list[str]:
    """The first reason of each outcome, or the outcome where there is none."""
    return [each.reason or each.outcome.value for each in report.outcomes]


def completed(username: str, item: object, at: datetime | date = NOON, **parts: Any) -> Completed:
    """One completion."""
    return Completed(username=username, item=item, at=at, **parts)  # type: ignore[arg-type]


def acts_of(platform: Platform, award_id: int) -> list[str]:
    """What happened to an award, in the order of its history."""
    with platform.storage.reading() as tx:
        return [entry.act for entry in tx.history.of([award_id])[award_id]]


def test_a_completion_awards_the_certification_of_its_item(host: Host) -> None:
    """R-20, R-21, R-26: with one entry in its history, and an event of which the learner is told (I5)."""
    host.certification(items=["course:C-1"])
    report = host.record(completed("ana", "course:C-1", score=91, credits=Decimal("2.5")))
    (outcome,) = report.outcomes
    assert (outcome.learner, outcome.item, outcome.outcome, outcome.reasons) == ("ana", C1, Outcome.NEW, ())
    assert report.counts == {Outcome.NEW: 1}
    award = host.live("ana")
    assert (award.number, str(award.basis.item), award.learner_name) == (outcome.number, "course:C-1", "Ana Rossi")
    assert (award.details.score, award.details.credits) == (Decimal(91), Decimal("2.5"))
    assert (award.period.issued_on, award.period.expires_on) == (date(2026, 3, 2), date(2027, 3, 2))
    assert acts_of(host, award.id) == ["issued"]
    with host.storage.reading() as tx:
        (event,) = tx.outbox.of([award.id])[award.id]
    assert (event.kind, event.notify) == ("award.issued", True)


def test_zones_are_the_one_given_then_the_learners_then_the_platforms(new_storage: Callable[[], Storage]) -> None:
    """R-13: 23:30 UTC is the next day already in Rome and in Tokyo."""
    host = host_over(new_storage(), zone="America/Havana")
    host.certification(items=["course:C-1"])
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    host.record(completed("ana", C1, late), completed("boss", C1, late), completed("bo", C1, late, zone="Asia/Tokyo"))
    zones = {name: host.live(name).period for name in ("ana", "boss", "bo")}
    assert {name: (period.zone, period.issued_on.day) for name, period in zones.items()} == {
        "ana": ("Europe/Rome", 3),
        "boss": ("America/Havana", 2),
        "bo": ("Asia/Tokyo", 3),
    }


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ({"at": datetime(2026, 3, 2, 12)}, NaiveDatetime),  # noqa: DTZ001
        ({"at": "2026-03-02"}, InvalidValue),
        ({"zone": "Mars/Base"}, UnknownZone),
        ({"item": "course"}, InvalidValue),
        ({"item": "book:B-1"}, InvalidValue),
        ({"learner_id": "id-ana"}, InvalidValue),
        ({"username": None}, InvalidValue),
        ({"score": 87.5}, InvalidValue),
        ({"score": Decimal("NaN")}, InvalidValue),
        ({"credits": Decimal(-1)}, InvalidValue),
    ],
)
def test_what_is_no_completion_is_refused_at_the_door(parts: dict[str, Any], error: type[Exception]) -> None:
    """R-10: a typed error, before anything is done."""
    with pytest.raises(error):
        Completed(**{"username": "ana", "item": C1, "at": NOON, **parts})


def test_f18_what_cannot_be_taken_is_reported_and_the_rest_goes_on(host: Host) -> None:
    """R-24: each by itself, in the order given; what is rejected is not kept, and may be sent again."""
    host.certification(items=["course:C-1"])
    given = [
        completed("gone", C1),
        completed("nobody", C1),
        completed("ana", "course:C-404"),
        completed("ana", C1, date(2011, 12, 30), zone="Pacific/Apia"),
        completed("ana", C3),
        Completed(learner_id="id-bo", item=C1, at=NOON),
        Completed(learner_id="id-404", item=C1, at=NOON),
    ]
    report = host.record(*given)
    assert told(report) == [
        "deactivated_user",
        "unknown_user",
        "unknown_item",
        "undecidable",
        "not_assigned",
        "new",
        "unknown_user",
    ]
    assert [each.learner for each in report.outcomes[5:]] == ["id-bo", "id-404"]
    assert told(host.record(*given))[4:6] == ["unchanged", "unchanged"]
    with host.storage.reading() as tx:
        assert tx.completions.of(["id-gone", "id-ana", "id-bo"], [C1, C3]).keys() == {("id-ana", C3), ("id-bo", C1)}


@pytest.mark.parametrize("times", [2, 10])
def test_f16_the_same_completion_however_often_gives_one_award(host: Host, times: int) -> None:
    """R-23: in one call, in many, under whatever id the event has."""
    host.certification(items=["course:C-1"])
    assert told(host.record(*[completed("ana", C1)] * times)) == ["new", *["unchanged"] * (times - 1)]
    for _ in range(times):
        assert host.completes("ana", C1, NOON) == ("unchanged", None)
    assert [acts_of(host, award.id) for award in host.held("ana")] == [["issued"]]


def test_f16_an_older_completion_after_a_newer_one_goes_to_history(host: Host) -> None:
    """R-27: without a notice, over where the award held begins; nothing is shortened."""
    host.certification(items=["course:C-1", "external_activity:X-1"])
    host.now = NOON + DAY
    host.completes("ana", C1, NOON)
    held = host.live("ana")
    report = host.record(completed("ana", X1, date(2025, 8, 1)))
    assert told(report) == ["history"]
    past, live = host.held("ana")
    assert live == held
    assert (past.number, past.ending.at, past.ending.reason) == (
        report.outcomes[0].number,
        held.period.issued_at,
        "past",
    )
    assert [status(past, at) for at in (datetime(2025, 9, 1, tzinfo=UTC), host.now + DAY)] == [
        Status.ACTIVE,
        Status.ARCHIVED,
    ]
    assert acts_of(host, past.id) == ["issued", "past"]
    with host.storage.reading() as tx:
        assert [event.notify for event in tx.outbox.of([past.id])[past.id]] == [False, False]
    assert told(host.record(completed("ana", X1, date(2025, 8, 1)))) == ["unchanged"]
    assert told(host.record(completed("ana", X1, date(2025, 9, 1)))) == ["held_then"]
    check_invariants(host)


def test_f16_older_ones_in_one_call_do_not_overlap(host: Host) -> None:
    """R-27: each late one is judged with those before it."""
    host.certification(items=["external_activity:X-1"])
    days = [date(2026, 3, 1), date(2025, 5, 1), date(2025, 3, 1), date(2025, 4, 1)]
    assert told(host.record(*(completed("ana", X1, day) for day in days))) == ["new", "history", "history", "held_then"]
    held = host.held("ana")
    assert [each.ending and each.ending.at for each in held] == [*(each.period.issued_at for each in held[1:]), None]


def test_f17_two_of_the_items_complete_at_once_give_one_award(host: Host) -> None:
    """R-6, R-23: in one call; a retake without a start renews nothing; before the assignment there is none."""
    host.certification(items=["course:C-1", "course:C-2"])
    assert told(host.record(completed("ana", C1), completed("ana", C2))) == ["new", "renewal_not_started"]
    assert host.completes("ana", C1, host.now + 200 * DAY) == ("already_held", "renewal_not_started")
    assert host.completes("bo", C1, host.now - timedelta(seconds=1)) == ("recorded", "before_assignment")
    assert (len(host.held("ana")), len(host.held("bo"))) == (1, 0)


@pytest.mark.parametrize("items", [["course:C-1"], ["course:C-1", "course:C-2", "course:C-3"]])
def test_f13_f17_completions_on_many_threads_give_one_award(host: Host, items: list[str]) -> None:
    """R-23: of the same item or of several; the losers hold what the winner gave."""
    host.certification(items=items)
    reports: list[CompletionReport] = []

    def complete(place: int) -> Callable[[], None]:
        return lambda: reports.append(host.record(completed("ana", items[place % len(items)])))

    assert at_once([complete(place) for place in range(6)]) == [None] * 6
    (award,) = host.held("ana")
    assert {report.outcomes[0].number for report in reports} == {award.number}
    assert sorted(report.outcomes[0].outcome for report in reports).count(Outcome.NEW) == 1
    assert acts_of(host, award.id) == ["issued"]


def test_f17_all_the_items_needed_on_many_threads_give_one_award(host: Host) -> None:
    """R-6: whichever comes last sees the others; none is lost between two that see each other not."""
    host.certification(items=["course:C-1", "course:C-2", "course:C-3"], items_needed=None)
    for name in ("ana", "bo", "cy"):
        acts = [lambda item=item, name=name: host.record(completed(name, item)) for item in (C1, C2, C3)]
        assert at_once(acts) == [None] * 3
        (award,) = host.held(name)
        assert award.period.issued_on == NOON.date()


def test_f49_a_revoked_award_comes_back_by_no_repeat(host: Host) -> None:
    """R-65: not by the same event, a new id, or one dated by the revocation; only by what is completed after it."""
    host.certification(items=["course:C-1", "course:C-2"])
    host.completes("ana", C1, NOON - timedelta(hours=1))
    host.now = NOON
    host.registrar.archiving.revoke(host.live("ana").number, reason="Fraud", actor=ADMIN)
    for item, at in ((C1, NOON - timedelta(hours=1)), (C2, NOON), (C1, date(2026, 3, 2)), (C2, date(2025, 1, 1))):
        assert host.completes("ana", item, at) == ("rejected", "revoked")
    assert host.live("ana") is None
    assert host.completes("ana", C1, NOON + timedelta(microseconds=1)) == ("new", None)
    assert [status(award, host.now) for award in host.held("ana")] == [Status.REVOKED, Status.ACTIVE]


def test_a_reinstated_certification_takes_again_what_it_refused(host: Host) -> None:
    """R-4: retired, nothing is awarded and nothing kept."""
    host.certification(items=["course:C-1"])
    host.registrar.defining.retire("SAFE-1", actor=ADMIN)
    assert host.completes("ana", C1, NOON) == ("rejected", "certification_retired")
    host.registrar.defining.reinstate("SAFE-1", actor=ADMIN)
    assert host.completes("ana", C1, NOON) == ("new", None)


def test_what_has_expired_already_is_issued_without_a_notice(host: Host) -> None:
    """R-22: an external activity's date counts, however old; nobody is told of what is over."""
    host.certification(items=["external_activity:X-1"])
    assert host.completes("ana", X1, date(2019, 5, 4)) == ("new", None)
    award = host.live("ana")
    assert (award.period.issued_on, status(award, host.now)) == (date(2019, 5, 4), Status.EXPIRED)
    with host.storage.reading() as tx:
        assert not tx.outbox.of([award.id])[award.id][0].notify


@pytest.mark.parametrize("notify", [True, False])
def test_the_host_says_whether_learners_are_told(host: Host, notify: bool) -> None:
    """f28: of none of them, where it brings in the past."""
    host.certification(items=["course:C-1"])
    host.registrar.completing.record([completed("ana", C1)], actor=ADMIN, notify=notify)
    award = host.live("ana")
    with host.storage.reading() as tx:
        assert tx.outbox.of([award.id])[award.id][0].notify is notify


@pytest.mark.parametrize("committed", [True, False])
def test_f37_a_commit_of_which_nobody_knows_is_found_out_by_sending_again(host: Host, committed: bool) -> None:
    """R-23: the completions are their own key; what was done is reported as done, what was not is done."""
    host.certification(items=["course:C-1"])
    given = [completed("ana", C1), completed("bo", C1), completed("gone", C1)]
    losing = evolve(host, storage=LosesTheNextCommit(host.storage, committed=committed))
    with pytest.raises(StorageError):
        losing.record(*given)
    outcome = "unchanged" if committed else "new"
    report = losing.record(*given)
    assert told(report) == [outcome, outcome, "deactivated_user"]
    assert [each.number for each in report.outcomes] == [host.live("ana").number, host.live("bo").number, None]
    assert [len(host.held(name)) for name in ("ana", "bo")] == [1, 1]


def test_f31_a_clock_that_steps_back_stands_still_or_jumps_breaks_nothing(host: Host) -> None:
    """R-14, R-15: history is in order by sequence, days left are never negative, and nothing happens twice."""
    host.certification(items=["course:C-1"], allow_retake=True, auto_renew=True)
    for hours, at in ((0, NOON), (-1, NOON + DAY), (-1, NOON + 2 * DAY), (24 * 365 * 80, NOON + 3 * DAY)):
        host.now += timedelta(hours=hours)
        assert host.completes("ana", C1, at)[0] in ("new", "renewed")
    first, *_, last = host.held("ana")
    with host.storage.reading() as tx:
        entries = tx.history.of([first.id])[first.id]
    assert [entry.seq for entry in entries] == [1, 2]
    assert entries[0].at > entries[1].at
    assert days_left(last, host.now) is None
    check_invariants(host)


@pytest.mark.parametrize(
    ("after", "wanted"),
    [(-timedelta(microseconds=1), Status.ACTIVE), (timedelta(), Status.EXPIRED), (timedelta(1), Status.EXPIRED)],
)
def test_f32_at_the_very_instant_of_expiry_all_answers_are_the_same(
    host: Host, after: timedelta, wanted: Status
) -> None:
    """R-14: half-open; what is reported at that instant is judged likewise."""
    host.certification(
        items=["course:C-1"],
        policy=RenewalPolicy.from_data({"validity": {"years": 1}, "lapse": {"path": "full"}}),
        allow_retake=True,
    )
    host.completes("ana", C1, NOON)
    expires_at = host.live("ana").period.expires_at
    host.now = expires_at + after
    statuses = [
        record.status
        for record in host.registrar.reporting.search(actor=ADMIN, username="ana", statuses=[wanted]).records
    ]
    check = host.registrar.renewing.check(host.live("ana").number, actor=ADMIN)
    outcome, _ = host.completes("ana", C1, host.now)
    assert (status(host.held("ana")[0], host.now), statuses) == (
        wanted if outcome != "renewed" else Status.ARCHIVED,
        [wanted],
    )
    assert check.renewable is (wanted is Status.ACTIVE)
    assert outcome == ("already_held" if wanted is Status.ACTIVE else "renewed")


def test_facts_and_attributes_decide_where_the_policy_asks(host: Host) -> None:
    """R-54: the directory's attributes, and what the caller says, which counts more."""
    policy = {"validity": {"years": 1}, "variants": [{"when": {"ward": "icu"}, "set": {"validity": {"months": 6}}}]}
    host.certification(items=["course:C-1"], policy=RenewalPolicy.from_data(policy))
    attributes = {"id-ana": {"ward": "icu"}, "id-bo": {"ward": "icu"}}
    host.directory.attributes = lambda ids: {each: attributes[each] for each in ids if each in attributes}  # type: ignore[method-assign]
    host.record(completed("ana", C1), completed("bo", C1, facts=Facts(learner={"ward": "er"})))
    assert [host.live(name).period.expires_on for name in ("ana", "bo")] == [date(2026, 9, 2), date(2027, 3, 2)]
    assert host.completes("cy", C1) == ("rejected", "undecidable")


def test_items_that_a_policy_names_count_without_carrying_the_certification(host: Host) -> None:
    """R-54: recorded when they were completed, whatever they carry."""
    policy = {"validity": {"years": 1}, "items": {"full": ["C-1", "C-3"]}}
    host.certification(items=["course:C-1"], policy=RenewalPolicy.from_data(policy))
    host.certification("OTHER", items=["course:C-3"])
    assert told(host.record(completed("ana", C1), completed("ana", C3), completed("ana", C1, NOON + DAY))) == [
        "item_missing",
        "new",
        "new",
    ]
    assert len(host.held("ana")) == 2


def test_a_plan_and_its_courses_may_earn_different_certifications(host: Host) -> None:
    """R-5: one learner, one call, one of each."""
    for code, item in (("SAFE-1", "course:C-1"), ("SAFE-2", "course:C-2"), ("ALL", "learning_plan:P-1")):
        host.certification(code, items=[item])
    assert told(host.record(completed("ana", C1), completed("ana", C2), completed("ana", P1))) == ["new"] * 3
    assert len(host.held("ana")) == 3


def test_credits_are_refused_where_the_platform_does_not_use_them(new_storage: Callable[[], Storage]) -> None:
    """R-9: before anything is recorded."""
    host = host_over(new_storage(), credits=False)
    host.certification(items=["course:C-1"])
    with pytest.raises(NotAllowedHere):
        host.record(completed("ana", C1), completed("bo", C1, credits=1))
    assert host.held("ana") == []


def test_only_who_may_complete_for_others_does(host: Host) -> None:
    """R-114: a learner cannot report their own."""
    host.certification(items=["course:C-1"])
    with pytest.raises(NotFound):
        host.registrar.completing.record([completed("ana", C1)], actor=Actor("id-ana"))


# Bulk and single

completions = st.lists(
    st.builds(
        completed,
        st.sampled_from(["ana", "bo", "gone", "nobody"]),
        st.sampled_from([C1, C2, C3, X1]),
        st.dates(date(2026, 2, 26), date(2027, 12, 31))
        | st.datetimes(datetime(2026, 2, 26), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
        zone=st.sampled_from([None, "America/Havana"]),
    ),
    max_size=7,
)
POLICIES: list[dict[str, Any]] = [
    {"validity": {"months": 5}},
    {"validity": {"months": 3}, "anchor": {"kind": "previous_expiry"}, "lapse": {"path": "full"}},
    {"validity": {"years": 1}, "items": {"full": ["C-3"], "renewal": ["C-1"]}},
]
definitions: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    items_needed=st.sampled_from([1, 2, None]),
    auto_renew=st.booleans(),
    allow_retake=st.booleans(),
    policy=st.sampled_from([RenewalPolicy.from_data(data) for data in POLICIES]),
)


def prepared(storage: Storage, definition: dict[str, Any], **parts: Any) -> Host:
    """A host whose clock is far ahead, with one certification by three items and one by another."""
    host = host_over(storage, **parts)
    host.certification(items=["course:C-1", "course:C-2", "external_activity:X-1"], **definition)
    host.certification("OTHER", items=["course:C-3"])
    host.now = datetime(2028, 1, 1, tzinfo=UTC)
    return host


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(definition=definitions, reported=completions, repeated=st.booleans())
def test_f16_one_by_one_and_all_at_once_end_alike_on_every_storage(
    new_storage: Callable[[], Storage], definition: dict[str, Any], reported: list[Completed], repeated: bool
) -> None:
    """R-113: the same outcomes and the same state; I1 to I5 hold."""
    if repeated:
        reported = [*reported, *reported]
    at_once_, model = prepared(new_storage(), definition, batch=3), prepared(MemoryStorage(), definition)
    report = at_once_.record(*reported)
    singly = [model.record(each) for each in reported]
    assert told(report) == [reason for each in singly for reason in told(each)]
    assert dump(at_once_) == dump(model)
    check_invariants(at_once_)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(definition=definitions, earlier=completions, reported=completions)
def test_f17_renewals_fulfilled_one_by_one_and_all_at_once_end_alike_on_every_storage(
    new_storage: Callable[[], Storage], definition: dict[str, Any], earlier: list[Completed], reported: list[Completed]
) -> None:
    """R-51, R-52: whatever was completed before; whoever can start to renew does so in between."""
    definition = {**definition, "allow_retake": True}
    at_once_, model = prepared(new_storage(), definition), prepared(MemoryStorage(), definition)
    outcomes = []
    for host in (at_once_, model):
        host.now = datetime(2027, 1, 1, 12, tzinfo=UTC)
        host.record(*earlier, completed("ana", C1, date(2026, 10, 1)), completed("bo", X1, date(2026, 9, 1)))
        for award in (host.live("ana"), host.live("bo")):
            with suppress(NotRenewable):
                if award is not None:
                    host.registrar.renewing.start(award.number, actor=ADMIN)
        host.now = datetime(2028, 1, 1, tzinfo=UTC)
        again = [*reported, *(completed(name, C1, date(2027, 1, 1) + DAY) for name in ("ana", "bo"))]
        reports = [host.record(*again)] if host is at_once_ else [host.record(each) for each in again]
        outcomes.append([reason for each in reports for reason in told(each)])
    assert outcomes[0] == outcomes[1]
    assert dump(at_once_) == dump(model)
    check_invariants(at_once_)


# Looking back


def test_a_dry_run_lists_who_would_qualify_and_the_act_awards_them(host: Host) -> None:
    """R-21: by the catalog's completions and by those reported; each learner once, as of what earned it."""
    host.catalog.past = [
        Completion.of("id-ana", C1, date(2025, 5, 1), "UTC"),
        Completion.of("id-ana", C2, date(2025, 4, 1), "UTC", score=Decimal(7)),
        Completion.of("id-gone", C1, date(2025, 4, 1), "UTC"),
        Completion.of("id-erased", C1, date(2025, 4, 1), "UTC"),
        Completion.of("id-cy", C1, date(2025, 4, 1), "UTC"),
    ]
    host.certification(items=["course:C-1", "course:C-2"])
    host.record(completed("bo", C1, date(2025, 6, 1)), completed("cy", C1))
    before = dump(host)
    listed = host.registrar.completing.retroactive("SAFE-1", actor=ADMIN)
    assert [(each.learner, str(each.item), each.outcome, each.number) for each in listed.outcomes] == [
        ("ana", "course:C-2", Outcome.NEW, None),
        ("bo", "course:C-1", Outcome.NEW, None),
    ]
    assert dump(host) == before
    given = host.registrar.completing.retroactive("SAFE-1", actor=ADMIN, award=True)
    assert [(each.learner, each.number) for each in given.outcomes] == [
        (name, host.live(name).number) for name in ("ana", "bo")
    ]
    assert (host.live("ana").period.issued_on, host.live("ana").details.score) == (date(2025, 4, 1), Decimal(7))
    assert host.registrar.completing.retroactive("SAFE-1", actor=ADMIN, award=True).outcomes == []
    assert len(host.held("cy")) == 1


def test_looking_back_counts_all_the_items_that_are_needed(new_storage: Callable[[], Storage]) -> None:
    """R-6, R-21: batches end between learners, never within one."""
    host = host_over(new_storage(), batch=1)
    host.certification(items=["course:C-1", "course:C-2"], items_needed=2, automatic=False)
    host.record(completed("ana", C1), completed("bo", C1), completed("ana", C2, NOON + DAY))
    report = host.registrar.completing.retroactive("SAFE-1", actor=ADMIN, award=True)
    assert [(each.learner, each.outcome) for each in report.outcomes] == [("ana", Outcome.NEW)]
    assert host.live("ana").period.issued_on == date(2026, 3, 3)


def test_looking_back_brings_nothing_revoked_back(host: Host) -> None:
    """R-65: whatever the catalog still says."""
    host.certification(items=["course:C-1"])
    host.completes("ana", C1, NOON)
    host.now = NOON + DAY
    host.registrar.archiving.revoke(host.live("ana").number, reason="Fraud", actor=ADMIN)
    assert host.registrar.completing.retroactive("SAFE-1", actor=ADMIN, award=True).outcomes == []
    host.registrar.defining.retire("SAFE-1", actor=ADMIN)
    with pytest.raises(Retired):
        host.registrar.completing.retroactive("SAFE-1", actor=ADMIN)


def why(host: Host, username: str = "ana", **parts: Any) -> list[str]:
    """The codes of all reasons why somebody has no award."""
    reasons = host.registrar.completing.why_not("SAFE-1", username, actor=ADMIN, **parts)
    return [each.code for each in reasons]


def test_everybody_without_an_award_is_told_why(host: Host) -> None:
    """R-21, SEED 0: item by item, and what stands against it all."""
    host.certification()
    assert why(host) == ["no_linked_items"]
    host.registrar.defining.assign("SAFE-1", [C1, C2], actor=ADMIN)
    host.catalog.known["id-ana", C2] = ItemProgress(C2, ItemStatus.COMPLETE)
    host.catalog.known["id-ana", C1] = ItemProgress(C1, ItemStatus.IN_PROGRESS)
    assert why(host) == ["not_completed", "not_reported"]
    host.completes("ana", C1, date(2026, 1, 1))
    assert why(host) == ["before_assignment", "not_reported"]
    assert why(host, "gone") == ["deactivated_user", "not_completed", "not_completed"]
    host.completes("ana", C1)
    assert why(host) == ["award_held"]
    host.now += DAY
    host.registrar.archiving.revoke(host.live("ana").number, reason="Fraud", actor=ADMIN)
    assert why(host) == ["revoked", "not_reported"]
    host.registrar.defining.retire("SAFE-1", actor=ADMIN)
    assert why(host, "bo") == ["certification_retired", "not_completed", "not_completed"]
    with pytest.raises(NotFound):
        why(host, "nobody")


def test_why_not_counts_items_and_says_when_nothing_is_lacking(host: Host) -> None:
    """R-6, R-9: what was recorded while it was issued by hand would earn it now."""
    policy = RenewalPolicy.from_data({"validity": {"years": 1}, "cap": {"age": 70}})
    host.certification(items=["course:C-1", "course:C-2"], items_needed=2, automatic=False, policy=policy)
    host.completes("ana", C1, NOON)
    assert why(host) == ["by_hand_only", "not_completed"]
    host.completes("ana", C2, NOON)
    host.registrar.defining.edit("SAFE-1", actor=ADMIN, automatic=True)
    assert why(host, "bo") == ["not_completed", "not_completed"]
    assert why(host) == ["undecidable"]
    assert why(host, facts=Facts(learner={"birth_date": "1990-01-01"})) == ["qualifies", "qualifies"]


def test_f22_asking_changes_nothing(host: Host) -> None:
    """I11: why not, whether it can be renewed, and who would qualify."""
    host.certification(items=["course:C-1"])
    host.completes("ana", C1, NOON)
    before = dump(host)
    host.registrar.completing.why_not("SAFE-1", "bo", actor=ADMIN)
    host.registrar.completing.retroactive("SAFE-1", actor=ADMIN)
    host.registrar.renewing.check(host.live("ana").number, actor=ADMIN)
    assert dump(host) == before
