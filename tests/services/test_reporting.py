"""Finding awards, one in full, and the list of the awarded."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from certcore.adapters.memory import MemoryDirectory
from certcore.domain.awards import Details, Status
from certcore.domain.checks import UNSTORABLE
from certcore.domain.decisions import Held
from certcore.domain.people import Actor, Person, Role
from certcore.domain.searching import Days, searchable
from certcore.errors import InvalidValue, NaiveDatetime, NotFound, UnknownZone
from certcore.ports import Storage
from certcore.services import finding
from tests.services.platform import ADMIN, Platform, platform_over


def found(platform: Platform, actor: Actor = ADMIN, **filters: object) -> list[str]:
    """The usernames of the awards that a search gives, sorted."""
    page = platform.registrar.reporting.search(actor=actor, **filters)  # type: ignore[arg-type]
    return sorted(record.username for record in page.records)


@pytest.fixture
def some(platform: Platform) -> Platform:
    """Ana and Bo hold SAFE-1, Cy holds SAFE-2 from next year on."""
    platform.certification("SAFE-1")
    platform.certification("SAFE-2")
    platform.award("ana", "bo")
    platform.award("cy", code="SAFE-2", issued_on=date(2027, 1, 1))
    return platform


def test_filters_combine(some: Platform) -> None:
    """R-90: by learner, certification, number, status; all given must hold."""
    assert found(some) == ["ana", "bo", "cy"]
    assert found(some, username=" ana ") == ["ana"]
    assert found(some, certifications="SAFE-2") == ["cy"]
    assert found(some, numbers=some.number_of("bo").lower().replace("-", " ")) == ["bo"]
    assert found(some, statuses=[Status.UPCOMING]) == ["cy"]
    assert found(some, username="ana", certifications="SAFE-2") == []


@pytest.mark.parametrize("filters", [{"username": "nobody"}, {"certifications": "NONE"}, {"numbers": "garbage"}])
def test_a_filter_that_names_nothing_known_finds_nothing(some: Platform, filters: dict[str, Any]) -> None:
    """An empty page, not an error."""
    assert found(some, **filters) == []


def test_pages_are_whole_and_without_repeats(new_storage: Callable[[], Storage]) -> None:
    """R-90: stable keyset pages with an opaque cursor, also while awards are added."""
    people = [f"user{n:02}" for n in range(25)]
    platform = platform_over(new_storage(), people)
    platform.certification()
    platform.award(*people[:20])
    seen: list[str] = []
    after = None
    while True:
        page = platform.registrar.reporting.search(actor=ADMIN, limit=6, after=after)
        seen += [record.username for record in page.records]
        if page.next is None:
            break
        after = page.next
        platform.award(people[20])
    assert len(seen) == len(set(seen))
    assert set(people[:20]) <= set(seen)


@pytest.mark.parametrize("parts", [{"limit": 0}, {"limit": 10_000}, {"after": "not a cursor"}])
def test_an_impossible_page_is_an_error_that_says_how_to_mend_it(some: Platform, parts: dict[str, Any]) -> None:
    """Typed, and it names the parameter."""
    with pytest.raises(InvalidValue):
        found(some, **parts)


def test_learners_see_their_own_and_managers_those_they_manage(some: Platform) -> None:
    """R-114: what is not allowed looks like what is not there."""
    assert found(some, Actor("id-bo")) == ["bo"]
    assert found(some, Actor("id-boss", frozenset({Role.MANAGER}))) == ["ana"]
    assert found(some, Actor("id-bo"), username="ana") == []
    with pytest.raises(NotFound):
        some.registrar.reporting.show(some.number_of("ana"), actor=Actor("id-bo"))


def test_r26_a_learner_sees_no_internal_note(some: Platform) -> None:
    """R-26: neither on the award nor in its history; those who look after them do."""
    number = some.number_of("ana")
    some.registrar.correcting.edit(number, actor=ADMIN, details=Details(note="On probation"))
    for actor, note in ((Actor("id-ana"), None), (Actor("id-boss"), "On probation"), (ADMIN, "On probation")):
        record, history = some.registrar.reporting.show(number, actor=actor)
        (found,) = some.registrar.reporting.search(actor=actor, numbers=number).records
        assert record.award.details.note == found.award.details.note == note
        assert ("probation" in str(history)) is (note is not None)


def test_r33_what_was_unassigned_is_gone_for_the_learner_and_kept_for_others(some: Platform) -> None:
    """Search and show: archived for those who look after the learner, not there for the learner."""
    number = some.number_of("ana")
    some.registrar.correcting.unassign(number, actor=ADMIN, reason="The other Ana")
    assert found(some, Actor("id-ana")) == []
    with pytest.raises(NotFound):
        some.registrar.reporting.show(number, actor=Actor("id-ana"))
    for actor in (Actor("id-boss"), ADMIN):
        assert some.registrar.reporting.show(number, actor=actor)[0].status is Status.ARCHIVED
        assert found(some, actor, username="ana") == ["ana"]


def test_r61_the_history_of_what_it_renewed_does_not_name_a_revoked_award(some: Platform) -> None:
    """R-61: the learner finds its number nowhere, those who look after them in the history."""
    first = some.number_of("ana")
    some.award("ana", issued_on=date(2027, 1, 1), held=Held.RENEW)
    (second,) = some.registrar.reporting.search(actor=ADMIN, username="ana", statuses=[Status.UPCOMING]).records
    some.registrar.archiving.revoke(second.award.number, reason="Cheated", actor=ADMIN)
    for actor, named in ((Actor("id-ana"), False), (Actor("id-boss"), True), (ADMIN, True)):
        record, history = some.registrar.reporting.show(first, actor=actor)
        assert [entry.act for entry in history] == ["issued", "renewed", "cut_short"]
        assert (second.award.number in str([record, history])) is named


def test_f46_pages_of_a_learner_do_not_show_that_something_is_hidden(some: Platform) -> None:
    """As many awards to a page as asked for, and no page behind the last, whatever was taken back."""
    for _ in range(4):
        (own,) = some.registrar.reporting.search(actor=Actor("id-ana")).records
        some.registrar.correcting.unassign(own.award.number, actor=ADMIN)
        some.award("ana")
    page = some.registrar.reporting.search(actor=Actor("id-ana"), limit=1)
    assert (len(page.records), page.next) == (1, None)
    assert len(found(some, username="ana")) == 5


def test_status_can_be_asked_for_any_instant(some: Platform) -> None:
    """R-14: as of any past or future instant, by what is known today."""
    assert found(some, statuses=[Status.EXPIRED], at=datetime(2027, 3, 1, tzinfo=UTC)) == ["ana", "bo"]
    assert found(some, statuses=[Status.UPCOMING], at=datetime(2026, 2, 28, tzinfo=UTC)) == ["ana", "bo", "cy"]


def test_f32_at_the_very_instant_of_expiry_filter_and_status_agree(some: Platform) -> None:
    """R-14: half-open; the instant of expiry is expired everywhere."""
    some.now = datetime(2027, 3, 1, tzinfo=UTC)
    assert found(some, certifications="SAFE-1", statuses=[Status.EXPIRED]) == ["ana", "bo"]
    assert found(some, certifications="SAFE-1", statuses=[Status.ACTIVE]) == []
    assert {record.status for record in some.registrar.reporting.awarded("SAFE-1", actor=ADMIN)} == {Status.EXPIRED}


def test_the_list_of_the_awarded_is_that_of_live_awards(some: Platform) -> None:
    """R-35: username, names, issue date, days left, expiry, status, basis; archived ones are not in it."""
    some.award("ana", expires_on=date(2028, 3, 1), held=Held.RENEW)
    listed = {record.username: record for record in some.registrar.reporting.awarded("SAFE-1", actor=ADMIN)}
    assert set(listed) == {"ana", "bo"}
    ana = listed["ana"]
    assert ana.person is not None
    assert (ana.person.first_name, ana.award.period.issued_on, ana.days_left) == ("Ana", date(2026, 3, 1), 730)


def test_the_list_of_the_awarded_can_be_asked_for_any_instant(some: Platform) -> None:
    """R-14, R-35: who held it then, by what is known today."""
    some.award("ana", issued_on=date(2027, 1, 1), held=Held.RENEW)

    def listed(at: datetime) -> list[tuple[str, Status]]:
        records = some.registrar.reporting.awarded("SAFE-1", actor=ADMIN, at=at)
        return [(record.username, record.status) for record in records]

    assert listed(some.now) == [("ana", Status.ACTIVE), ("ana", Status.UPCOMING), ("bo", Status.ACTIVE)]
    assert listed(datetime(2027, 2, 1, tzinfo=UTC)) == [("ana", Status.ACTIVE), ("bo", Status.ACTIVE)]
    assert listed(datetime(2027, 3, 1, tzinfo=UTC)) == [("ana", Status.ACTIVE), ("bo", Status.EXPIRED)]


def test_what_was_a_mistake_is_on_no_list_of_the_awarded(some: Platform) -> None:
    """R-33: as of no instant, also before the day it was to start."""
    some.registrar.correcting.unassign(some.number_of("cy"), actor=ADMIN)
    for at in (None, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)):
        assert list(some.registrar.reporting.awarded("SAFE-2", actor=ADMIN, at=at)) == []


def test_f45_the_list_of_the_awarded_is_that_of_whom_the_actor_may_see(some: Platform) -> None:
    """R-114: filtered like a search; a certification that is not there is not found, at the call."""
    for actor, usernames in (("id-ana", ["ana"]), ("id-boss", ["ana"]), ("id-cy", [])):
        listed = some.registrar.reporting.awarded("SAFE-1", actor=Actor(actor))
        assert [record.username for record in listed] == usernames
    with pytest.raises(NotFound):
        some.registrar.reporting.awarded("NONE", actor=ADMIN)


def test_an_instant_or_a_zone_that_is_none_is_refused_at_the_call(some: Platform) -> None:
    """R-10: before anything is read."""
    with pytest.raises(NaiveDatetime):
        some.registrar.reporting.awarded("SAFE-1", actor=ADMIN, at=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(UnknownZone):
        some.registrar.reporting.awarded("SAFE-1", actor=ADMIN, zone="Mars")


def test_f22_reads_change_nothing(some: Platform) -> None:
    """I11: search, list and show write nothing."""
    before = [some.registrar.reporting.show(some.number_of(name), actor=ADMIN) for name in ("ana", "bo", "cy")]
    list(some.registrar.reporting.awarded("SAFE-1", actor=ADMIN))
    assert before == [some.registrar.reporting.show(some.number_of(name), actor=ADMIN) for name in ("ana", "bo", "cy")]


def test_days_left_are_counted_in_the_readers_zone(some: Platform) -> None:
    """R-10, R-15: on the last day in the award's zone, a reader in Auckland has a day of theirs left."""
    some.now = datetime(2027, 2, 28, 10, tzinfo=UTC)
    number = some.number_of("ana")
    assert some.registrar.reporting.show(number, actor=ADMIN)[0].days_left == 0
    assert some.registrar.reporting.show(number, actor=ADMIN, zone="Pacific/Auckland")[0].days_left == 1
    (record,) = some.registrar.reporting.search(actor=ADMIN, username="ana", zone="Pacific/Auckland").records
    assert (record.days_left, record.award.period.zone) == (1, "UTC")


def test_learners_are_found_by_name_as_people_type_it(platform: Platform) -> None:
    """R-90: whoever was awarded something is found by the name they have then, and once renamed by the new one."""
    platform.certification("SAFE-1")
    platform.award("ana", "bo")
    directory = platform.directory
    assert isinstance(directory, MemoryDirectory)
    assert found(platform, name="AN") == ["ana"]
    (ana,) = directory.match(["ana"]).values()
    directory.put(evolve(ana, first_name="Zo\u00eb", last_name="\u0141ukasz-Mu\u00f1oz"))
    assert found(platform, name="zoe") == []
    assert platform.registrar.indexing.refresh(learner_ids=[ana.id, "nobody"]).learners == 2
    assert found(platform, name="munoz zoe") == ["ana"]
    assert found(platform, name="an") == []


def test_a_sync_takes_over_every_name_and_title(platform: Platform) -> None:
    """R-90: also of awards from before there was an index; twice is once, and who is gone keeps the last name."""
    platform.certification("SAFE-1", items=["course:C-1"])
    platform.award("ana", "bo")
    with platform.storage.transaction() as tx:
        tx.index.forget(tx.index.learners(None, 10))
    assert found(platform, name="ana") == []
    counts = [platform.registrar.indexing.sync() for _ in range(2)]
    assert counts[0] == counts[1]
    assert counts[0].learners == 2
    assert found(platform, name="ana") == ["ana"]


def test_a_filter_that_is_not_there_is_an_error(some: Platform) -> None:
    """A slip of the pen must not find everything."""
    with pytest.raises(InvalidValue, match="certifications"):
        found(some, certification="SAFE-1")


@pytest.mark.parametrize("filters", [{"name": " "}, {"name": "--"}, {"title": "x" * 1_001}, {"name": "a\x00"}])
def test_text_that_cannot_be_looked_for_is_an_error(some: Platform, filters: dict[str, Any]) -> None:
    """R-90: and not a search for everybody."""
    with pytest.raises(InvalidValue):
        found(some, **filters)


def test_a_cursor_belongs_to_its_order(some: Platform) -> None:
    """One of another search, or none at all, is an error that says so."""
    by_day = some.registrar.reporting.search(actor=ADMIN, issued=Days(), limit=1)
    by_id = some.registrar.reporting.search(actor=ADMIN, limit=1)
    for after, issued in ((by_day.next, None), (by_id.next, Days()), ("0.x", Days()), ("?", None)):
        with pytest.raises(InvalidValue, match="cursor"):
            some.registrar.reporting.search(actor=ADMIN, after=after, issued=issued)


@pytest.mark.parametrize("micros", ["999999999999999999", "-999999999999999999", "253402300800000000"])
def test_a_forged_cursor_of_no_year_is_an_error(some: Platform, micros: str) -> None:
    """Text from a link: whatever is in it, the error is typed."""
    with pytest.raises(InvalidValue, match="cursor"):
        found(some, after=f"{1:016x}.{micros}", issued=Days())
    with pytest.raises(InvalidValue, match="cursor"):
        found(some, after=f"{1:016x}.{micros}", expires=Days())


def test_statuses_are_words_and_others_are_errors(some: Platform) -> None:
    """The same on every storage, and not a search that finds nothing."""
    assert found(some, statuses="active") == found(some, statuses=Status.ACTIVE)
    for unknown in ("hibernating", ["active", ""]):
        with pytest.raises(InvalidValue, match="statuses"):
            found(some, statuses=unknown)
        with pytest.raises(InvalidValue, match="statuses"):
            some.registrar.exporting.write(BytesIO(), actor=ADMIN, statuses=unknown)  # type: ignore[arg-type]


@pytest.mark.parametrize("ref", [2**63, 2**80, -1])
def test_an_id_that_no_row_can_have_finds_nothing(some: Platform, ref: int) -> None:
    """As any other that is not there."""
    assert found(some, certifications=ref) == []


def test_r33_what_was_taken_from_a_learner_never_says_that_nothing_is_left(
    some: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of their own awards a learner does not see, behind them is the one they see."""
    monkeypatch.setattr(finding, "_LOOKED_AT", 1)
    some.registrar.correcting.unassign(some.number_of("bo"), actor=ADMIN)
    some.award("bo")
    why = some.registrar.reporting.emptied(actor=Actor("id-bo"), statuses=Status.EXPIRED)
    assert why.filters == ("statuses",)


def test_an_empty_search_says_which_filter_it_was(some: Platform) -> None:
    """R-93: the first that finds nothing by itself, or those that do not go together."""

    def emptied(**filters: Any) -> tuple[str, ...]:
        assert found(some, **filters) == []
        return some.registrar.reporting.emptied(actor=ADMIN, **filters).filters

    assert emptied(username="ana", statuses=Status.REVOKED) == ("statuses",)
    assert emptied(username="nobody", statuses=Status.REVOKED) == ("username",)
    assert emptied(username="ana", certifications="SAFE-2", issued=Days()) == ("username", "certifications")
    nobody = some.registrar.reporting.emptied(actor=Actor("stranger"), username="ana")
    assert nobody.filters == ()
    assert "no awards" in nobody.sentence


def test_every_name_of_the_world_is_found(platform: Platform, cases: Path) -> None:
    """R-90: each of the shared names by itself, whatever its script, unless nothing in it is a word."""
    directory = platform.directory
    assert isinstance(directory, MemoryDirectory)
    names = {
        each["id"]: each["name"] for each in json.loads((cases / "unicode_names.json").read_text("utf-8"))["names"]
    }
    platform.certification("SAFE-1")
    refused = set()
    for username, name in names.items():
        try:
            directory.put(Person(f"id-{username}", username, first_name=name))
        except InvalidValue:
            refused.add(username)  # a name that no storage keeps
        else:
            platform.award(username)
    assert {names[each] for each in refused} == {name for name in names.values() if UNSTORABLE.search(name)}
    for username in names.keys() - refused:
        name = names[username].strip() or username
        if searchable(name):
            assert username in found(platform, name=name), name
        else:
            with pytest.raises(InvalidValue):
                found(platform, name=name)
