"""Acts on external certificates on many threads: each thing is done once, and whoever is second is told (f43, f52)."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from certcore.domain.external import ExternalState
from certcore.errors import NotPending, NotReplaceable
from certcore.ports import ExternalQuery, Storage
from certcore.testing.threads import at_once
from tests.services.platform import ADMIN
from tests.services.reviewing.office import Office, office_over, who
from tests.services.test_invariants import check_invariants


@pytest.fixture
def office(new_storage: Callable[[], Storage]) -> Office:
    made = office_over(new_storage())
    made.certification()
    made.set(reviewers=["managers", "coaches"])
    return made


def state_of(office: Office, ref: str) -> ExternalState:
    state: ExternalState = office.reviewing.show(ref, actor=ADMIN)[0].certificate.state
    return state


def test_f43_of_all_that_can_end_it_one_does(office: Office) -> None:
    """Two reviewers and the learner: one verdict or withdrawal, `NotPending` with that for the others."""
    reviewing = office.reviewing
    for _ in range(5):
        ref = office.pending()
        errors = at_once(
            [
                lambda ref=ref: reviewing.validate(ref, actor=who("mia"), equivalence="SAFE-1"),  # type: ignore[misc]
                lambda ref=ref: reviewing.reject(ref, actor=who("carl"), comment="no"),  # type: ignore[misc]
                lambda ref=ref: reviewing.withdraw(ref, actor=who("ana")),  # type: ignore[misc]
            ]
        )
        state = state_of(office, ref)
        assert errors.count(None) == 1
        assert {error.state for error in errors if isinstance(error, NotPending)} == {state}
        assert [type(error) for error in errors].count(NotPending) == 2
        _, history = reviewing.show(ref, actor=ADMIN)
        corrected = ["corrected"] if state is ExternalState.VALIDATED else []  # its equivalence, with the verdict
        assert [entry.act for entry in history] == ["submitted", *corrected, state]
    check_invariants(office)


def test_a_correction_beside_a_verdict_is_before_it_or_refused(office: Office) -> None:
    """R-73: what is validated is what the history says was validated."""
    for _ in range(5):
        ref = office.pending()
        correct, _ = at_once(
            [
                lambda ref=ref: office.reviewing.correct(ref, actor=who("carl"), title="Other"),  # type: ignore[misc]
                lambda ref=ref: office.reviewing.validate(ref, actor=who("mia")),  # type: ignore[misc]
            ]
        )
        record, history = office.reviewing.show(ref, actor=ADMIN)
        acts = [entry.act for entry in history]
        if correct is None:
            assert (record.certificate.claim.title, acts) == ("Other", ["submitted", "corrected", "validated"])
        else:
            assert isinstance(correct, NotPending)
            assert (record.certificate.claim.title, acts) == ("First aid", ["submitted", "validated"])


def test_two_certificates_for_one_certification_give_one_award(office: Office) -> None:
    """R-23, R-74: validated at once, the second finds the award of the first."""
    refs = [office.pending(delivered_on=date(2026, 1, 31)) for _ in range(4)]
    validate = office.reviewing.validate
    acts: list[Callable[[], Any]] = [
        lambda ref=ref: validate(ref, actor=who("mia"), equivalence="SAFE-1")  # type: ignore[misc]
        for ref in refs
    ]
    assert at_once(acts) == [None] * 4
    found = [office.reviewing.show(ref, actor=ADMIN)[0].certificate.equated for ref in refs]
    assert Counter(each.outcome for each in found) == {"new": 1, "already_held": 3}
    (record,) = office.awards("ana")
    assert {each.number for each in found} == {record.award.number}
    check_invariants(office)


def test_older_certificates_validated_at_once_leave_no_overlap(office: Office) -> None:
    """R-27, f17: whoever comes last sees what the others filed away."""
    office.award("ana", issued_on=date(2026, 2, 1))
    refs = [office.pending(delivered_on=date(2025, 6, 1 + day)) for day in range(4)]
    validate = office.reviewing.validate
    acts: list[Callable[[], Any]] = [
        lambda ref=ref: validate(ref, actor=who("mia"), equivalence="SAFE-1")  # type: ignore[misc]
        for ref in refs
    ]
    assert at_once(acts) == [None] * 4
    spans = sorted(
        (record.award.period.issued_at, record.award.ending.at)
        for record in office.awards("ana")
        if record.award.ending is not None
    )
    assert spans
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def test_a_version_is_replaced_once(office: Office) -> None:
    """R-73: two new versions at once are one, and the other is told."""
    ref = office.pending()
    office.reviewing.reject(ref, actor=who("mia"), comment="no")
    errors = at_once([lambda: office.submit("ana", replaces=ref)] * 3)
    assert errors.count(None) == 1
    assert [type(error) for error in errors].count(NotReplaceable) == 2


def test_the_same_upload_under_one_key_at_once_is_done_once(office: Office) -> None:
    """R-34: everybody gets the same answer; what bytes are left over are collected (I9)."""
    found: list[str] = []
    acts = [lambda: found.append(office.submit("ana", key="k").certificate.ref)] * 4
    assert at_once(acts) == [None] * 4
    with office.storage.reading() as tx:
        (kept,) = tx.externals.search(ExternalQuery(limit=10))
    assert found == [kept.ref] * 4
    assert office.documents is not None
    assert office.documents.exists([kept.document_ref])
