"""Reviewing: tasks, corrections, verdicts; by the relations of the moment, once, and never one's own (R-72 to R-76)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from certcore.adapters.memory import MemoryDirectory
from certcore.domain.external import ExternalState
from certcore.domain.history import verifies
from certcore.domain.people import Person
from certcore.errors import (
    CertcoreError,
    Conflict,
    IdempotencyConflict,
    InvalidValue,
    NotAllowedHere,
    NotFound,
    NotPending,
    ReviewRefused,
    SkippedDay,
)
from certcore.ports import Storage
from tests.services.platform import ADMIN
from tests.services.reviewing.office import FLAGGED, PDF, Office, directory, office_over, who


@pytest.fixture
def office(new_storage: Callable[[], Storage]) -> Office:
    return office_over(new_storage())


def move(office: Office, **relations: Any) -> None:
    """Other relations from now on: the same people in another directory."""
    vars(office.directory).update(vars(directory(**relations)))


def verdict(office: Office, ref: str, actor: str, **parts: Any) -> str:
    """What becomes of a validation: the state, or the code of the refusal."""
    try:
        return str(office.reviewing.validate(ref, actor=who(actor), **parts).certificate.state)
    except (NotFound, NotPending) as refusal:
        return refusal.code
    except ReviewRefused as refusal:
        return refusal.reason


def test_a_reviewer_validates_with_a_comment(office: Office) -> None:
    """R-73: who, when and why is kept and shown, and the task is done."""
    ref = office.pending()
    assert office.tasks("mia") == [ref]
    record = office.reviewing.validate(ref, actor=who("mia"), comment="well done")
    review = record.certificate.review
    assert (record.certificate.state, review.reviewer_id, review.at) == (ExternalState.VALIDATED, "id-mia", office.now)
    assert (review.comment, record.reviewer.username) == ("well done", "mia")
    assert office.tasks("mia") == []
    seen, history = office.reviewing.show(ref, actor=who("ana"))
    assert seen == record
    assert [entry.act for entry in history] == ["submitted", "validated"]


def test_a_rejection_says_why_and_the_learner_reads_it(office: Office) -> None:
    """R-73, R-75."""
    ref = office.pending()
    with pytest.raises(InvalidValue):
        office.reviewing.reject(ref, actor=who("mia"), comment=" ")
    office.reviewing.reject(ref, actor=who("mia"), comment="the name is not readable")
    (mine,) = office.reviewing.search(actor=who("ana")).records
    assert mine.certificate.state is ExternalState.REJECTED
    assert mine.certificate.review.comment == "the name is not readable"


def test_f43_a_verdict_is_given_once(office: Office) -> None:
    """A rejected one is not validated, a validated one not rejected, neither is withdrawn or corrected; all is told."""
    rejected, validated = office.pending(), office.pending()
    office.reviewing.reject(rejected, actor=who("mia"), comment="no")
    office.reviewing.validate(validated, actor=who("mia"))
    for ref, state in ((rejected, "rejected"), (validated, "validated")):
        for act, parts in (
            (office.reviewing.validate, {"actor": who("mia")}),
            (office.reviewing.reject, {"actor": who("mia"), "comment": "no"}),
            (office.reviewing.correct, {"actor": who("mia"), "title": "Other"}),
            (office.reviewing.withdraw, {"actor": who("ana")}),
        ):
            with pytest.raises(NotPending) as caught:
                act(ref, **parts)
            assert (caught.value.ref, caught.value.state) == (ref, state)


@pytest.mark.parametrize(
    ("reviewers", "tasks_of"),
    [
        (["managers"], {"mia"}),
        (["coaches"], {"carl"}),
        (["group_admins"], {"gus"}),
        (["managers", "coaches"], {"mia", "carl"}),
    ],
)
def test_reviewers_are_whom_the_settings_name(office: Office, reviewers: list[str], tasks_of: set[str]) -> None:
    """R-70: they see the task and may decide; to others who look after the learner it is no task. Admins may always."""
    office.set(reviewers=reviewers)
    ref = office.pending()
    names = ("mia", "carl", "gus", "max", "ana", "bo", "admin")
    assert {name for name in names if ref in office.tasks(name)} == tasks_of | {"admin"}
    for name in names:
        again = office.pending()
        assert verdict(office, again, name) == ("validated" if name in tasks_of | {"admin"} else "not_found")


def test_f44_a_learner_without_a_manager_falls_to_the_groups_admins(office: Office) -> None:
    """R-70."""
    ref = office.pending("cy")
    assert office.tasks("gus") == [ref]
    assert verdict(office, ref, "carl") == "not_found"
    assert verdict(office, ref, "gus") == "validated"


@pytest.mark.parametrize(
    ("relations", "settings", "expected"),
    [
        ({"managers": {"ana": "max"}}, {}, {"mia": "not_found", "max": "validated"}),
        ({"managers": {}}, {}, {"mia": "not_found", "gus": "validated"}),
        ({"managers": {}, "groups": {"nurses": ["cy"]}}, {}, {"mia": "not_found", "gus": "not_found"}),
        ({}, {"reviewers": ["coaches"]}, {"mia": "not_found", "carl": "validated"}),
        ({}, {"reviewers": ["group_admins"]}, {"mia": "not_found", "gus": "validated"}),
        ({"admins": {"bo": ["nurses"]}}, {"reviewers": ["group_admins"]}, {"gus": "not_found", "bo": "validated"}),
        ({}, {"validation": False}, {"carl": "not_found", "mia": "validated"}),
        ({}, {"self_import": False}, {"ana": "not_found", "mia": "validated"}),
    ],
)
def test_f44_relations_and_settings_count_as_they_are_when_somebody_decides(
    office: Office, relations: dict[str, Any], settings: dict[str, Any], expected: dict[str, str]
) -> None:
    """R-76: a former manager, another group, other reviewers; switching validation off approves nothing."""
    ref = office.pending()
    move(office, **relations)
    if settings:
        office.set(**settings)
    assert office.reviewing.show(ref, actor=ADMIN)[0].certificate.state is ExternalState.PENDING
    for name, answer in expected.items():
        assert (ref in office.tasks(name)) is (answer == "validated")
        assert verdict(office, ref, name) == answer


def test_f43_nobody_decides_on_their_own(office: Office) -> None:
    """R-72: neither a learner, nor a manager or admin whose own it is, whether it is a task of theirs or not."""
    move(office, managers={"ana": "mia", "mia": "max", "gus": "mia", "admin": "mia"})
    for name, refusal in (("ana", "not_found"), ("mia", "own_certificate"), ("admin", "own_certificate")):
        ref = office.pending(name)
        assert ref not in office.tasks(name)
        assert verdict(office, ref, name) == refusal
        with pytest.raises((NotFound, ReviewRefused)):
            office.reviewing.reject(ref, actor=who(name), comment="no")
        with pytest.raises((NotFound, ReviewRefused)):
            office.reviewing.correct(ref, actor=who(name), title="Other")
    move(office, managers={"mia": "mia"}, admins={"gus": ["nurses"]})
    own = office.pending("mia")
    assert office.tasks("mia") == []
    assert verdict(office, own, "mia") == "own_certificate"
    assert verdict(office, own, "gus") == "validated"


def test_f43_nobody_decides_on_what_they_uploaded(office: Office) -> None:
    """R-72: a manager's upload goes to the admins of the group; an admin's to whom the settings name."""
    by_mia, by_admin = office.pending("ana", by="mia"), office.pending("ana", by="admin")
    assert office.tasks("mia") == [by_admin]
    assert office.tasks("gus") == [by_mia]
    assert verdict(office, by_mia, "mia") == "own_upload"
    assert verdict(office, by_admin, "admin") == "own_upload"
    assert verdict(office, by_mia, "gus") == "validated"
    assert verdict(office, by_admin, "mia") == "validated"


def test_the_settings_may_allow_ones_own(office: Office) -> None:
    """R-72: then who reviews others reviews theirs as well; a learner still reviews nobody."""
    move(office, managers={"ana": "mia", "mia": "max"})
    office.set(own_review=True)
    by_mia, own, learners = office.pending("ana", by="mia"), office.pending("mia"), office.pending("ana")
    assert set(office.tasks("mia")) == {by_mia, own, learners}
    assert verdict(office, learners, "ana") == "not_found"
    assert verdict(office, by_mia, "mia") == "validated"
    assert verdict(office, own, "mia") == "validated"


def test_a_reviewer_corrects_and_the_original_stays(office: Office) -> None:
    """R-73: title, dates, credits and equivalence, before the verdict or with it."""
    certification = office.certification()
    ref = office.pending(title="Frist aid", credits=Decimal(500))
    corrected = office.reviewing.correct(ref, actor=who("mia"), title="First aid", credits=Decimal(5))
    assert corrected.certificate.state is ExternalState.PENDING
    record = office.reviewing.validate(
        ref,
        actor=who("mia"),
        delivered_on=date(2026, 1, 30),
        expires_on=date(2027, 1, 30),
        equivalence=certification.id,
    )
    claim, submitted = record.certificate.claim, record.certificate.submitted
    assert (claim.title, claim.credits, claim.delivered_on) == ("First aid", 5, date(2026, 1, 30))
    assert (submitted.title, submitted.credits, submitted.delivered_on) == ("Frist aid", 500, date(2026, 1, 31))
    assert (record.equivalence, submitted.equivalence) == (certification, None)
    _, history = office.reviewing.show(ref, actor=who("mia"))
    assert [entry.act for entry in history] == ["submitted", "corrected", "corrected", "validated"]
    previous = b""
    for entry in history:
        assert verifies(previous, entry)
        previous = entry.hash
    assert record.certificate.head == previous


def test_correcting_nothing_writes_nothing(office: Office) -> None:
    """The same values again are no change."""
    ref = office.pending()
    same = office.reviewing.correct(ref, actor=who("mia"), title="First aid", delivered_on=date(2026, 1, 31))
    assert same.certificate.version == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"title": ""}, InvalidValue),
        ({"delivered_on": date(2026, 3, 2)}, InvalidValue),
        ({"expires_on": date(2020, 1, 1)}, InvalidValue),
        ({"delivered_on": "2026-01-01"}, InvalidValue),
        ({"credits": Decimal(-1)}, InvalidValue),
        ({"equivalence": "NONE"}, NotFound),
        ({"equivalence": 5}, NotFound),
        ({"equivalence": 1.5}, InvalidValue),
        ({"state": ExternalState.VALIDATED}, InvalidValue),
        ({"zone": "UTC"}, InvalidValue),
        ({"learner_id": "id-mia"}, InvalidValue),
    ],
)
def test_f48_a_correction_that_cannot_be_changes_nothing(
    office: Office, changes: dict[str, Any], error: type[CertcoreError]
) -> None:
    """Nor does the verdict that comes with it."""
    ref = office.pending()
    before = office.reviewing.show(ref, actor=ADMIN)
    for act in (office.reviewing.correct, office.reviewing.validate):
        with pytest.raises(error):
            act(ref, actor=who("mia"), **changes)
        assert office.reviewing.show(ref, actor=ADMIN) == before


def test_a_reviewer_decides_on_what_they_have_seen(office: Office) -> None:
    """f43: somebody else corrected it meanwhile; they look again."""
    office.set(reviewers=["managers", "coaches"])
    ref = office.pending()
    seen = office.reviewing.show(ref, actor=who("mia"))[0].certificate.version
    office.reviewing.correct(ref, actor=who("carl"), title="Other")
    assert verdict(office, ref, "mia", seen=seen) == "changed_meanwhile"
    with pytest.raises(ReviewRefused):
        office.reviewing.reject(ref, actor=who("mia"), comment="no", seen=seen)
    with pytest.raises(ReviewRefused):
        office.reviewing.correct(ref, actor=who("mia"), title="Mine", seen=seen)
    assert verdict(office, ref, "mia", seen=seen + 1) == "validated"


def test_a_verdict_under_a_key_is_given_once(office: Office) -> None:
    """R-34: repeated, it is the same answer; another one under the key is a conflict."""
    ref = office.pending()
    first = office.reviewing.validate(ref, actor=who("mia"), comment="ok", key="k")
    assert office.reviewing.validate(ref, actor=who("mia"), comment="ok", key="k") == first
    with pytest.raises(IdempotencyConflict):
        office.reviewing.validate(ref, actor=who("mia"), comment="other", key="k")
    with pytest.raises(IdempotencyConflict):
        office.reviewing.reject(ref, actor=who("mia"), comment="ok", key="k")
    with pytest.raises(NotPending):
        office.reviewing.validate(ref, actor=who("mia"), comment="ok")


@pytest.mark.parametrize(
    ("actor", "by", "wanted"),
    [
        ("ana", "ana", True),
        ("ana", "mia", True),
        ("mia", "mia", True),
        ("admin", "ana", True),
        ("mia", "ana", False),
        ("gus", "ana", False),
        ("bo", "ana", False),
    ],
)
def test_who_takes_it_back(office: Office, actor: str, by: str, wanted: bool) -> None:
    """R-73: the learner, or who uploaded it, or a platform admin; nobody else."""
    ref = office.pending("ana", by=by)
    if wanted:
        assert office.reviewing.withdraw(ref, actor=who(actor)).certificate.state is ExternalState.WITHDRAWN
        assert office.tasks("gus") == office.tasks("mia") == []
    else:
        with pytest.raises(NotFound):
            office.reviewing.withdraw(ref, actor=who(actor))


def test_who_sees_what(office: Office) -> None:
    """R-72: one's own, and those of whom one looks after, by whatever relation; deactivated people too."""
    office.set(validation=False)
    refs = {name: office.submit(name, by="admin").certificate.ref for name in ("ana", "bo", "cy", "dan", "eve")}
    seen = {
        name: {each.username for each in office.reviewing.search(actor=who(name)).records}
        for name in ("ana", "bo", "mia", "carl", "gus", "admin")
    }
    assert seen == {
        "ana": {"ana"},
        "bo": {"bo"},
        "mia": {"ana", "dan"},
        "carl": {"ana", "cy"},
        "gus": {"ana", "cy"},
        "admin": {"ana", "bo", "cy", "dan", "eve"},
    }
    for name, theirs in seen.items():
        for learner, ref in refs.items():
            found = {each.username for each in office.reviewing.search(actor=who(name), username=learner).records}
            assert found == {learner} & theirs
            if learner in theirs:
                assert office.reviewing.show(ref, actor=who(name))[0].username == learner
            else:
                with pytest.raises(NotFound):
                    office.reviewing.show(ref, actor=who(name))
                with pytest.raises(NotFound):
                    office.reviewing.document(ref, actor=who(name))


def test_f46_what_one_may_not_see_looks_like_what_is_not_there(office: Office) -> None:
    """R-114: the same text for another's, for none, and for what is no id; whatever is tried."""
    ref = office.pending()
    tries: list[tuple[Any, str, dict[str, str]]] = [
        (office.reviewing.show, "bo", {}),
        (office.reviewing.document, "bo", {}),
        (office.reviewing.withdraw, "bo", {}),
        (office.reviewing.validate, "bo", {}),
        (office.reviewing.validate, "max", {}),
        (office.reviewing.reject, "max", {"comment": "no"}),
        (office.reviewing.correct, "max", {"title": "x"}),
    ]
    for attempt, name, parts in tries:
        texts = set()
        for each in (ref, "0000000000000005", "none", "", "\ud800"):
            with pytest.raises(NotFound) as caught:
                attempt(each, actor=who(name), **parts)
            texts.add(str(caught.value).replace(repr(each), "…"))
        assert len(texts) == 1


def test_lists_come_in_pages_oldest_first(office: Office) -> None:
    """Whole and without repeats, while others are added; tasks as well as all."""
    refs = [office.pending(title=f"n {number}") for number in range(5)]
    mine = office.pending("ana", by="mia")
    for list_ in (office.reviewing.tasks, office.reviewing.search):
        found: list[str] = []
        after = None
        while True:
            page = list_(actor=who("mia"), limit=2, after=after)
            assert len(page.records) <= 2
            found += [each.certificate.ref for each in page.records]
            if page.next is None:
                break
            after = page.next
        wanted = refs if list_ == office.reviewing.tasks else [*refs, mine]
        assert sorted(found) == sorted(wanted)
    assert office.tasks("admin") == sorted([*refs, mine])


@pytest.mark.parametrize(("after", "limit"), [("x", 5), ("1-2", 5), ("9" * 18 + "-0000000000000005", 5), (None, 0)])
def test_a_page_that_is_none_is_refused(office: Office, after: str | None, limit: int) -> None:
    """f48: with a typed error."""
    with pytest.raises(InvalidValue):
        office.reviewing.search(actor=ADMIN, after=after, limit=limit)
    with pytest.raises(InvalidValue):
        office.reviewing.tasks(actor=ADMIN, after=after, limit=limit)


def test_lists_can_be_of_one_state(office: Office) -> None:
    """R-75: a learner's own, with status."""
    first, second = office.pending(), office.pending()
    office.reviewing.withdraw(first, actor=who("ana"))
    found = office.reviewing.search(actor=who("ana"), states=[ExternalState.PENDING]).records
    assert [each.certificate.ref for each in found] == [second]


def test_a_flagged_file_can_be_validated(office: Office) -> None:
    """R-73: that is what it was held for."""
    ref = office.pending(content=FLAGGED)
    assert verdict(office, ref, "mia") == "validated"


def test_deactivated_people_are_reviewed_too_and_review_nothing(office: Office) -> None:
    """R-72, R-24: certificates of those who left are decided; a manager who left is not asked."""
    ref = office.pending("dan", by="admin")
    assert verdict(office, ref, "mia") == "validated"
    waiting = office.pending("bo")
    office.directory.put(Person("id-max", "max", active=False))
    assert office.tasks("max") == []
    assert verdict(office, waiting, "max") == "not_found"
    assert verdict(office, waiting, "admin") == "validated"


def test_a_reviewer_gives_no_credits_where_there_are_none(new_storage: Callable[[], Storage]) -> None:
    """R-9: the platform's switch holds for corrections."""
    office = office_over(new_storage(), credits=False)
    ref = office.pending()
    with pytest.raises(NotAllowedHere):
        office.reviewing.correct(ref, actor=who("mia"), credits=Decimal(5))


def test_f48_nor_where_external_certificates_carry_none(office: Office) -> None:
    """R-70: switched off after it was submitted; what was submitted stays, and the rest can be corrected."""
    ref = office.pending(credits=Decimal(5))
    office.set(credits=False)
    for act in (office.reviewing.correct, office.reviewing.validate):
        with pytest.raises(NotAllowedHere):
            act(ref, actor=who("mia"), credits=Decimal(50))
    record = office.reviewing.validate(ref, actor=who("mia"), title="Other", credits=Decimal(5))
    assert record.certificate.claim.credits == 5


@pytest.mark.parametrize("zone", ["Pacific/Apia"])
def test_a_day_that_never_was_is_refused(office: Office, zone: str) -> None:
    """R-11."""
    ref = office.pending(zone=zone, content=PDF)
    with pytest.raises(SkippedDay):
        office.reviewing.correct(ref, actor=who("mia"), delivered_on=date(2011, 12, 30))


def test_f44_who_uploaded_it_and_is_gone_hides_nothing(office: Office) -> None:
    """R-72: it is listed, decided and downloaded as before; nobody stands in for who left."""
    ref = office.pending("ana", by="gus")
    people = [Person(f"id-{name}", name) for name in ("ana", "mia", "bo")]
    vars(office.directory).update(vars(MemoryDirectory(people, managers={"ana": "mia", "bo": "mia"})))
    (record,) = office.reviewing.search(actor=who("ana")).records
    assert (record.uploader, record.certificate.uploaded_by) == (None, "id-gus")
    assert office.reviewing.document(ref, actor=who("mia")).content == PDF
    with pytest.raises(NotFound):
        office.reviewing.withdraw(ref, actor=who("gus"))
    assert verdict(office, ref, "mia") == "validated"


def test_f44_a_reviewer_who_loses_the_role_between_looking_and_deciding_decides_nothing(office: Office) -> None:
    """R-76, f30: also where the unit runs again because somebody else was first."""
    ref = office.pending()
    assert office.tasks("mia") == [ref]
    overseers = office.directory.overseers
    asked: list[object] = []

    def leaving(learner_ids: Any) -> Any:
        """Mia is their manager the first time, and not any more from then on; the first try fails."""
        asked.append(learner_ids)
        found = overseers(learner_ids)
        move(office, managers={"ana": "max"})
        return found

    office.directory.overseers = leaving  # type: ignore[method-assign]
    update = "certcore.services.reviewing.records.notices_of"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("certcore.services.units.time.sleep", lambda _seconds: None)
        patched.setattr(update, lambda _change: (_ for _ in ()).throw(Conflict("another")))
        answer = verdict(office, ref, "mia")
    assert (answer, len(asked)) == ("not_found", 1)
    assert office.tasks("max") == [ref]
