"""What a learner sees of their own certifications."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from attrs import evolve

from certcore.adapters.memory import MemoryCatalog
from certcore.domain.awards import Basis, BasisKind, Details, Status
from certcore.domain.certifications import ItemRef
from certcore.domain.decisions import Held
from certcore.domain.people import Actor, Role
from certcore.domain.policy import RenewalPolicy
from certcore.domain.renewability import ItemProgress, ItemStatus
from certcore.domain.renewals import Renewal
from certcore.domain.views import Renewed
from certcore.errors import NaiveDatetime, NotFound, UnknownZone
from certcore.ports import Storage
from certcore.services.importing import ImportRequest
from certcore.services.viewing import LearnerView
from tests.services.platform import ADMIN, Platform, platform_over
from tests.services.reviewing.office import office_over, who

ANA, BO, BOSS = Actor("id-ana"), Actor("id-bo"), Actor("id-boss", frozenset({Role.MANAGER}))
C_1 = ItemRef.parse("course:C-1")


@pytest.fixture
def held(platform: Platform) -> Platform:
    """Ana holds SAFE-1, renewed once, and EVER-1, which never expires."""
    platform.certification("SAFE-1", items=["course:C-1"], description="Knows how to stay whole.", allow_retake=True)
    platform.certification("EVER-1", policy=RenewalPolicy())
    platform.award("ana", issued_on=date(2025, 2, 1), zone="Europe/Rome")
    platform.award("ana", issued_on=date(2026, 2, 1), held=Held.RENEW, zone="Europe/Rome")
    platform.award("ana", code="EVER-1", zone="Europe/Rome")
    return platform


def view(platform: Platform, actor: Actor = ANA, username: str | None = None, **asked: object) -> LearnerView:
    """What is seen."""
    return platform.registrar.viewing.learner(username, actor=actor, **asked)  # type: ignore[arg-type]


def test_a_learner_sees_what_they_hold_and_held(held: Platform) -> None:
    """R-96: title, code, description, issued, expires, days left; by title, what is archived apart."""
    seen = view(held)
    assert seen.person is not None
    assert (seen.person.username, seen.at, seen.zone) == ("ana", held.now, "Europe/Rome")
    assert [each.title for each in seen.awards] == ["Name of EVER-1", "Name of SAFE-1"]
    ever, safe = seen.awards
    (earlier,) = seen.history
    assert (safe.record.certification.code, safe.description) == ("SAFE-1", "Knows how to stay whole.")
    assert (safe.issued_on, safe.last_valid_day, safe.days_left) == (date(2026, 2, 1), date(2027, 1, 31), 336)
    assert (ever.issued_on, ever.last_valid_day, ever.days_left) == (date(2026, 3, 1), None, None)
    assert (safe.status, earlier.status, earlier.days_left) == (Status.ACTIVE, Status.ARCHIVED, None)
    assert (earlier.record.renewed_by, earlier.record.renewed) == (safe.award.number, Renewed.AFTER_EXPIRY)
    assert (safe.record.renews, safe.record.earlier_completed_on) == (earlier.award.number, date(2025, 2, 1))


def test_the_days_are_those_of_the_readers_zone_which_is_named(held: Platform) -> None:
    """R-10, R-15: Rome's midnight is the evening before in Havana."""
    seen = view(held, zone="America/Havana")
    safe = seen.awards[1]
    assert seen.zone == "America/Havana"
    assert (safe.issued_on, safe.last_valid_day, safe.days_left) == (date(2026, 1, 31), date(2027, 1, 31), 336)


def test_without_a_zone_of_their_own_learners_read_in_the_platforms(new_storage: Callable[[], Storage]) -> None:
    """R-13: somebody without a zone, and somebody the directory does not know."""
    platform = platform_over(new_storage(), zone="Asia/Tokyo")
    assert view(platform, BOSS).zone == "Asia/Tokyo"
    stranger = view(platform, Actor("stranger"))
    assert (stranger.person, stranger.learner_id, stranger.zone) == (None, "stranger", "Asia/Tokyo")
    assert (stranger.awards, stranger.history) == ([], [])


def test_title_and_description_are_those_that_were_printed(held: Platform) -> None:
    """R-28: as at issue, until a reprint takes over what the certification is called now."""
    held.registrar.defining.edit("SAFE-1", actor=ADMIN, name="Another name", description="Other words")
    safe = view(held).awards[1]
    assert (safe.title, safe.description) == ("Name of SAFE-1", "Knows how to stay whole.")
    held.registrar.correcting.edit(safe.award.number, actor=ADMIN, reprint=True)
    assert view(held).awards[0].title == "Another name"


def test_r26_nobody_reads_the_internal_note_there(held: Platform) -> None:
    """R-26: not the learner, and not an admin who looks at what the learner sees."""
    number = view(held).awards[1].award.number
    held.registrar.correcting.edit(number, actor=ADMIN, details=Details(note="On probation"))
    held.award("ana", held=Held.RENEW, details=Details(note="Still on probation"))
    for seen in (view(held), view(held, BOSS, "ana"), view(held, ADMIN, "ana")):
        assert len(seen.history) == 2
        assert "probation" not in str(seen)


def test_r33_what_was_unassigned_is_in_no_view(held: Platform) -> None:
    """R-33: not as of any instant, nor as what renewed another, whoever looks."""
    safe = view(held).awards[1]
    held.registrar.correcting.unassign(safe.award.number, actor=ADMIN)
    for actor in (ANA, BOSS, ADMIN):
        for at in (None, datetime(2026, 2, 20, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)):
            seen = view(held, actor, "ana", at=at)
            assert safe.award.number not in str(seen)
    assert [each.title for each in view(held).history] == ["Name of SAFE-1"]


def test_f45_f46_only_those_who_look_after_a_learner_see_their_view(held: Platform) -> None:
    """R-114: another's view and nobody's look the same."""
    assert view(held, BOSS, " ana ").awards == view(held).awards
    told = set()
    for username in ("ana", "nobody"):
        with pytest.raises(NotFound) as refusal:
            view(held, BO, username)
        told.add(str(refusal.value).replace(username, "…"))
    assert len(told) == 1


def test_an_instant_or_a_zone_that_is_none_is_refused(held: Platform) -> None:
    """R-10."""
    with pytest.raises(NaiveDatetime):
        view(held, at=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(UnknownZone):
        view(held, zone="Mars")


def test_the_view_can_be_asked_for_any_instant(held: Platform) -> None:
    """R-14: what is archived today was held then."""
    seen = view(held, at=datetime(2025, 6, 1, tzinfo=UTC))
    assert [(each.title, each.status) for each in seen.awards] == [
        ("Name of EVER-1", Status.UPCOMING),
        ("Name of SAFE-1", Status.ACTIVE),
        ("Name of SAFE-1", Status.UPCOMING),
    ]
    assert seen.history == []


# --- what can be renewed ----------------------------------------------------------------------------------------------

BY_C_1 = Basis(BasisKind.COURSE, "C-1")


class Progress(MemoryCatalog):
    """A catalog that knows how far everybody is with C-1."""

    status = ItemStatus.COMPLETE

    def progress(
        self, learner_ids: Collection[str], items: Collection[ItemRef]
    ) -> Mapping[tuple[str, ItemRef], ItemProgress]:
        return {(learner_id, C_1): ItemProgress(C_1, self.status) for learner_id in learner_ids if C_1 in items}


def with_progress(platform: Platform, status: ItemStatus, renew_link: str | None = None) -> Platform:
    """The same host with a catalog that tells how far everybody is."""
    catalog = Progress(platform.catalog.items([C_1]).values())
    catalog.status = status
    settings = evolve(platform.settings, renew_link=renew_link)
    return Platform(platform.storage, platform.directory, catalog, settings, platform.now)


def codes(platform: Platform, title: str = "Name of SAFE-1") -> tuple[bool, list[str]]:
    """Whether Ana can renew it, and the codes of the reasons."""
    (seen,) = (each for each in view(platform).awards if each.title == title)
    return seen.renewability.renewable, [reason.code for reason in seen.renewability.reasons]


def test_what_can_be_renewed_leads_to_where_the_host_renews(held: Platform) -> None:
    """R-50, R-96: yes with every way and a link, no with all that is against and none."""
    platform = with_progress(held, ItemStatus.COMPLETE, "https://lms.example/renew/{number}")
    ever, safe = view(platform).awards
    (earlier,) = view(platform).history
    assert codes(platform) == (True, ["through_retake", "valid", "path"])
    assert safe.renew_link == f"https://lms.example/renew/{safe.award.number}"
    assert codes(platform, "Name of EVER-1") == (False, ["no_linked_items", "never_expires"])
    assert not earlier.renewability.renewable
    assert "award_archived" in {reason.code for reason in earlier.renewability.reasons}
    assert (ever.renew_link, earlier.renew_link) == (None, None)
    assert {each.renew_link for each in view(held).awards} == {None}


def test_what_the_catalog_does_not_tell_is_read_from_the_completions(held: Platform) -> None:
    """R-51: without progress nothing is complete but what was completed; an item that is gone is of no use."""
    assert codes(held) == (True, ["through_completion", "valid", "path"])
    gone = Platform(held.storage, held.directory, MemoryCatalog(), held.settings, held.now)
    assert codes(gone) == (False, ["item_decommissioned"])


def test_an_award_renews_through_its_item_once_that_is_complete(held: Platform) -> None:
    """R-51: by the course that earned it, but for an imported one, which renews through any linked item."""
    number = view(held).awards[1].award.number
    held.registrar.correcting.edit(number, actor=ADMIN, basis=BY_C_1)
    assert codes(with_progress(held, ItemStatus.IN_PROGRESS)) == (False, ["item_not_complete"])
    assert codes(with_progress(held, ItemStatus.COMPLETE))[0]
    held.registrar.correcting.unassign(number, actor=ADMIN)
    header = "username,certification_code,certification_issue_date,always_valid,certification_expire_date,type,code"
    file = BytesIO(f"{header}\nana,SAFE-1,2026-02-01,false,2027-02-01,course,C-1\n".encode())
    assert held.registrar.importing.run(file, ImportRequest(zone="UTC"), actor=ADMIN).new == 1
    assert codes(with_progress(held, ItemStatus.IN_PROGRESS)) == (True, ["through_completion", "valid", "path"])


def test_an_open_renewal_is_judged_by_its_own_terms(held: Platform) -> None:
    """R-3, R-52: the policy in force at the start, and whether the item could be taken again then."""
    award = view(held).awards[1].award
    with held.storage.transaction() as tx:
        policy = RenewalPolicy.from_data({"validity": {"years": 1}})
        tx.renewals.add([Renewal(award.id, award.learner_id, award.certification_id, held.now, policy, True, [C_1])])
    held.registrar.defining.edit("SAFE-1", actor=ADMIN, allow_retake=False)
    platform = with_progress(held, ItemStatus.COMPLETE)
    assert codes(platform) == (True, ["renewal_open", "through_retake", "valid", "path"])


def test_a_policy_that_asks_for_more_than_is_known_says_so(held: Platform) -> None:
    """R-54: the view is there all the same."""
    held.registrar.defining.edit(
        "SAFE-1",
        actor=ADMIN,
        policy=RenewalPolicy.from_data({"validity": {"years": 1}, "variants": [{"when": {"age_lt": 40}, "set": {}}]}),
    )
    assert codes(held) == (False, ["undecidable"])


def test_external_certificates_are_seen_with_their_states(new_storage: Callable[[], Storage]) -> None:
    """R-75, R-96: a learner's own with status and comment, and by whom looks after them; by nobody else."""
    office = office_over(new_storage())
    refs = [office.pending(), office.pending()]
    office.reviewing.reject(refs[1], actor=who("mia"), comment="blurred")
    for actor, username in ((who("ana"), None), (who("mia"), "ana"), (who("carl"), "ana")):
        seen = office.registrar.viewing.learner(username, actor=actor).externals
        assert [(each.certificate.ref, each.certificate.state) for each in seen] == sorted(
            [(refs[0], "pending"), (refs[1], "rejected")]
        )
    assert office.registrar.viewing.learner(actor=who("bo")).externals == []
