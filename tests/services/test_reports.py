"""The reports, archived awards and chains included, and how every award stands at an instant."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from certcore.adapters.memory import MemoryDirectory
from certcore.domain.awards import Details, EndReason, Status, status
from certcore.domain.decisions import Held
from certcore.domain.people import Actor, Person, Role
from certcore.domain.views import Renewed
from certcore.errors import CorruptRecord, NaiveDatetime, NotFound, StorageError, UnknownZone
from certcore.ports import AwardQuery
from certcore.services import reports
from certcore.services.records import AwardRecord
from certcore.testing.storage.base import contents
from tests.services.platform import ADMIN, Platform, platform_over

ANA, BO, BOSS = Actor("id-ana"), Actor("id-bo"), Actor("id-boss", frozenset({Role.MANAGER}))
REPORTS = ["users_certifications", "certifications_users"]


@pytest.fixture
def chained(platform: Platform) -> Platform:
    """Ana renewed SAFE-1 in time and then late, Bo never; Cy and Ana hold SAFE-2, which is named before SAFE-1."""
    platform.certification("SAFE-1")
    platform.certification("SAFE-2")
    platform.registrar.defining.edit("SAFE-2", actor=ADMIN, name="A name before")
    platform.award("ana", "bo", issued_on=date(2023, 3, 1))
    platform.award("ana", issued_on=date(2024, 2, 1), held=Held.RENEW, details=Details(completed_on=date(2024, 1, 31)))
    platform.award("ana", issued_on=date(2026, 2, 1), held=Held.RENEW)
    platform.award("cy", "ana", code="SAFE-2")
    return platform


def rows(platform: Platform, report: str, actor: Actor = ADMIN, **asked: object) -> list[AwardRecord]:
    """The rows of a report."""
    return list(getattr(platform.registrar.reporting, report)(actor=actor, **asked))


def told(record: AwardRecord) -> tuple[str, str, str]:
    """Whose award of which certification it is, and when it was issued."""
    return record.username, record.certification.label, record.award.period.issued_on.isoformat()


def test_users_come_by_username_and_their_awards_by_certification_and_start(chained: Platform) -> None:
    """R-92: Users - Certifications."""
    assert list(map(told, rows(chained, "users_certifications"))) == [
        ("ana", "SAFE-2", "2026-03-01"),
        ("ana", "SAFE-1", "2023-03-01"),
        ("ana", "SAFE-1", "2024-02-01"),
        ("ana", "SAFE-1", "2026-02-01"),
        ("bo", "SAFE-1", "2023-03-01"),
        ("cy", "SAFE-2", "2026-03-01"),
    ]


def test_certifications_come_by_name_and_their_users_by_username(chained: Platform) -> None:
    """R-92: Certifications - Users."""
    assert list(map(told, rows(chained, "certifications_users"))) == [
        ("ana", "SAFE-2", "2026-03-01"),
        ("cy", "SAFE-2", "2026-03-01"),
        ("ana", "SAFE-1", "2023-03-01"),
        ("ana", "SAFE-1", "2024-02-01"),
        ("ana", "SAFE-1", "2026-02-01"),
        ("bo", "SAFE-1", "2023-03-01"),
    ]


@pytest.mark.parametrize("report", REPORTS)
def test_the_chain_is_linked_both_ways_with_the_earlier_completion(chained: Platform, report: str) -> None:
    """R-60: each award with what followed it, when it was done before, and whether the renewal came in time."""
    first, second, third = (each for each in rows(chained, report) if told(each)[:2] == ("ana", "SAFE-1"))
    assert [each.status for each in (first, second, third)] == [Status.ARCHIVED, Status.ARCHIVED, Status.ACTIVE]
    assert (first.renews, first.renewed_by) == (None, second.award.number)
    assert (second.renews, second.renewed_by) == (first.award.number, third.award.number)
    assert (third.renews, third.renewed_by) == (second.award.number, None)
    assert [each.renewed for each in (first, second, third)] == [Renewed.BEFORE_EXPIRY, Renewed.AFTER_EXPIRY, None]
    assert [each.earlier_completed_on for each in (first, second, third)] == [
        None,
        date(2023, 3, 1),
        date(2024, 1, 31),
    ]
    assert [each.days_left for each in (first, second, third)] == [None, None, 336]


@pytest.mark.parametrize("report", REPORTS)
def test_what_was_taken_back_is_there_as_such_for_those_who_look_after_the_learner(
    chained: Platform, report: str
) -> None:
    """R-33, R-61: unassigned and revoked awards are in the managers' reports, and in nothing the learner sees."""
    (safe_2,) = (each for each in rows(chained, report, ANA) if each.certification.label == "SAFE-2")
    live = next(each for each in rows(chained, report, ANA) if each.status is Status.ACTIVE and each.renews)
    chained.registrar.correcting.unassign(safe_2.award.number, actor=ADMIN)
    chained.registrar.archiving.revoke(live.award.number, reason="Cheated", actor=ADMIN)
    for actor in (ADMIN, BOSS):
        seen = {each.award.number: each for each in rows(chained, report, actor)}
        unassigned, revoked = seen[safe_2.award.number], seen[live.award.number]
        assert unassigned.award.ending is not None
        assert unassigned.award.ending.reason is EndReason.UNASSIGNED
        assert (revoked.status, revoked.days_left) == (Status.REVOKED, None)
    own = rows(chained, report, ANA)
    assert list(map(told, own)) == [("ana", "SAFE-1", "2023-03-01"), ("ana", "SAFE-1", "2024-02-01")]
    assert own[-1].renewed_by is None
    assert live.award.number not in {
        each.award.number for each in chained.registrar.reporting.awarded("SAFE-1", actor=ADMIN)
    }


@pytest.mark.parametrize("report", REPORTS)
def test_f45_reports_are_of_those_whom_the_actor_may_see(chained: Platform, report: str) -> None:
    """R-114: a manager's report has the people they manage, a learner's their own awards."""
    assert {each.username for each in rows(chained, report, BOSS)} == {"ana"}
    assert {each.username for each in rows(chained, report, BO)} == {"bo"}
    assert rows(chained, report, Actor("id-nobody")) == []


@pytest.mark.parametrize("report", REPORTS)
def test_r26_only_those_who_look_after_the_learner_read_the_note(chained: Platform, report: str) -> None:
    """R-26: neither on an award nor on its neighbours in the chain."""
    number = next(each.award.number for each in rows(chained, report) if each.username == "bo")
    chained.registrar.correcting.edit(number, actor=ADMIN, details=Details(note="On probation"))
    chained.award("bo", held=Held.RENEW, details=Details(note="Still on probation"))
    assert "probation" in str(rows(chained, report))
    assert "probation" not in str(rows(chained, report, BO))


@pytest.mark.parametrize("report", REPORTS)
def test_reports_can_be_asked_for_any_instant(chained: Platform, report: str) -> None:
    """R-14: status and days left as of then, by what is known today."""
    at = datetime(2025, 1, 31, 12, tzinfo=UTC)
    seen = {told(each): (each.status, each.days_left) for each in rows(chained, report, at=at)}
    assert seen == {
        ("ana", "SAFE-1", "2023-03-01"): (Status.ARCHIVED, None),
        ("ana", "SAFE-1", "2024-02-01"): (Status.ACTIVE, 0),
        ("ana", "SAFE-1", "2026-02-01"): (Status.UPCOMING, 730),
        ("ana", "SAFE-2", "2026-03-01"): (Status.UPCOMING, 758),
        ("bo", "SAFE-1", "2023-03-01"): (Status.EXPIRED, None),
        ("cy", "SAFE-2", "2026-03-01"): (Status.UPCOMING, 758),
    }


def test_f32_at_the_very_instant_of_expiry_all_answers_agree(chained: Platform) -> None:
    """R-14: half-open, in the reports, the list of the awarded, the statuses, a search and the learner's view."""
    expiry = datetime(2027, 2, 1, tzinfo=UTC)
    number = (
        chained.registrar.reporting.search(
            actor=ADMIN, username="ana", certifications="SAFE-1", statuses=[Status.ACTIVE]
        )
        .records[0]
        .award.number
    )
    for at, expected in ((expiry - timedelta(microseconds=1), Status.ACTIVE), (expiry, Status.EXPIRED)):
        reporting = chained.registrar.reporting
        records = [
            *rows(chained, "users_certifications", at=at),
            *rows(chained, "certifications_users", at=at),
            *reporting.awarded("SAFE-1", actor=ADMIN, at=at),
            *reporting.search(actor=ADMIN, at=at).records,
            *(each.record for each in chained.registrar.viewing.learner("ana", actor=ADMIN, at=at).awards),
        ]
        seen = [each.status for each in records if each.award.number == number]
        with reporting.statuses(at, actor=ADMIN) as stands:
            seen += [row[3] for row in stands if row[0] == number]
        assert seen == [expected] * 6


@pytest.mark.parametrize("report", REPORTS)
def test_days_left_are_counted_in_the_readers_zone(chained: Platform, report: str) -> None:
    """R-15: on the last evening in UTC, a reader in Auckland is on the last day of theirs."""
    at = datetime(2027, 1, 31, 10, tzinfo=UTC)
    for zone, left in ((None, 0), ("Pacific/Auckland", 1)):
        seen = {told(each): each.days_left for each in rows(chained, report, at=at, zone=zone)}
        assert seen["ana", "SAFE-1", "2026-02-01"] == left


@pytest.mark.parametrize("report", REPORTS)
def test_reports_are_read_in_parts_while_others_write(
    chained: Platform, report: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-92: between two rows anybody may write; what was there at the start comes once, a learner's awards together."""
    for name in ("_LEARNERS_READ", "_LEARNERS_LOOKED_UP", "_AWARDS_READ"):
        monkeypatch.setattr(reports, name, 1)
    before = list(map(told, rows(chained, report)))
    seen = []
    for row in getattr(chained.registrar.reporting, report)(actor=ADMIN):
        seen.append(told(row))
        chained.award("bo", code="SAFE-2", issued_on=date(2026, 5, len(seen)), held=Held.RENEW)
    assert [each for each in seen if each in before] == before
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("report", REPORTS)
def test_whom_the_directory_knows_no_more_stays_in_the_report(chained: Platform, report: str) -> None:
    """By their id, where their name would stand."""
    known = chained.directory.people(["id-bo"])
    chained.directory._people.pop("id-bo")
    assert known["id-bo"].username not in {each.username for each in rows(chained, report)}
    assert "id-bo" in {each.username for each in rows(chained, report)}


class Torn(MemoryDirectory):
    """A directory that cannot read one of its people."""

    def people(self, ids: Collection[str]) -> Mapping[str, Person]:
        if "id-bo" in ids:
            raise CorruptRecord("person", "id-bo", "torn")
        return super().people(ids)


@pytest.mark.parametrize("report", REPORTS)
def test_f39_a_report_goes_on_without_what_cannot_be_read(
    chained: Platform, report: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A person that cannot be read stands there by their id, and the log says why."""
    torn = Torn([Person("id-ana", "ana"), Person("id-cy", "cy"), Person("id-bo", "bo")])
    platform = Platform(chained.storage, torn, chained.catalog, now=chained.now)
    assert {each.username for each in rows(platform, report)} == {"ana", "id-bo", "cy"}
    assert "torn" in caplog.text


@pytest.mark.parametrize("report", REPORTS)
def test_an_empty_platform_has_empty_reports(platform: Platform, report: str) -> None:
    """No certifications, no awards, no rows."""
    assert rows(platform, report) == []


@pytest.mark.parametrize("report", REPORTS)
def test_an_instant_or_a_zone_that_is_none_is_refused_at_the_call(chained: Platform, report: str) -> None:
    """R-10: before anything is read."""
    ask = getattr(chained.registrar.reporting, report)
    with pytest.raises(NaiveDatetime):
        ask(actor=ADMIN, at=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(UnknownZone):
        ask(actor=ADMIN, zone="Mars")


def test_f22_reports_and_views_change_nothing(chained: Platform) -> None:
    """I11: every table is as it was."""
    before = contents(chained.storage)
    for report in REPORTS:
        rows(chained, report)
    list(chained.registrar.reporting.awarded("SAFE-1", actor=ADMIN))
    chained.registrar.viewing.learner("ana", actor=ADMIN)
    with chained.registrar.reporting.statuses(chained.now, actor=ADMIN) as stands:
        list(stands)
    assert contents(chained.storage) == before


# --- statuses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-2_000, -800, -365, 0, 1, 365, 366, 4_000])
def test_statuses_are_those_of_every_award_at_that_instant(chained: Platform, days: int) -> None:
    """R-14: past and future, in the order of ids, as the function of award and instant has it."""
    at = chained.now + timedelta(days=days)
    with chained.storage.reading() as tx:
        awards = list(tx.awards.search(AwardQuery(at, limit=1_000)))
    with chained.registrar.reporting.statuses(at, actor=ADMIN) as stands:
        assert list(stands) == [
            (each.number, each.learner_id, each.certification_id, status(each, at), each.period.expires_at)
            for each in awards
        ]


def test_statuses_can_be_asked_of_one_certification(chained: Platform) -> None:
    """R-14: by code or id; one that is not there is not found."""
    reporting = chained.registrar.reporting
    certification = chained.registrar.defining.get("SAFE-2", actor=ADMIN).certification
    for ref in ("SAFE-2", certification.id):
        with reporting.statuses(chained.now, actor=ADMIN, certification=ref) as stands:
            assert {row[1] for row in stands} == {"id-ana", "id-cy"}
    with pytest.raises(NotFound), reporting.statuses(chained.now, actor=ADMIN, certification="NONE"):
        pass
    with pytest.raises(NaiveDatetime), reporting.statuses(datetime(2026, 1, 1), actor=ADMIN):  # noqa: DTZ001
        pass


def test_f45_statuses_are_of_those_whom_the_actor_may_see(chained: Platform) -> None:
    """R-33, R-61, R-114: a manager sees what was taken back as such, the learner nothing of it."""
    reporting = chained.registrar.reporting
    (safe_2,) = reporting.search(actor=ANA, certifications="SAFE-2").records
    chained.registrar.correcting.unassign(safe_2.award.number, actor=ADMIN)

    def seen(actor: Actor) -> list[Status]:
        with reporting.statuses(chained.now, actor=actor) as stands:
            return sorted(row[3] for row in stands)

    assert seen(BOSS) == [Status.ACTIVE, Status.ARCHIVED, Status.ARCHIVED, Status.ARCHIVED]
    assert seen(ANA) == [Status.ACTIVE, Status.ARCHIVED, Status.ARCHIVED]
    assert seen(BO) == [Status.EXPIRED]
    assert seen(Actor("id-nobody")) == []


def test_statuses_are_of_one_state_of_the_storage(chained: Platform) -> None:
    """Writing waits until the block is left: nobody is seen between two awards."""
    with chained.registrar.reporting.statuses(chained.now, actor=ADMIN) as stands:
        next(stands)
        with pytest.raises(StorageError):
            chained.award("bo", code="SAFE-2")
    chained.award("bo", code="SAFE-2")


def test_many_learners_come_in_order_of_their_usernames(platform: Platform) -> None:
    """R-92: however they are spelt, over more than one part."""
    names = [f"user{n:03}" for n in range(450)]
    many = platform_over(platform.storage, names)
    many.certification()
    for start in range(0, 450, 100):
        many.award(*reversed(names[start : start + 100]))
    for report in REPORTS:
        assert [each.username for each in rows(many, report)] == names
