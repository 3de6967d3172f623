"""Who is to hear of an external certificate: written with the change, once, and only while it matters (R-75, R-83)."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from certcore.domain.deliveries import Delivery, DeliveryState
from certcore.domain.external_notices import KINDS
from certcore.errors import Conflict
from certcore.ports import Storage
from tests.services.reviewing.office import Office, office_over, who


@pytest.fixture
def office(new_storage: Callable[[], Storage]) -> Office:
    return office_over(new_storage())


def deliveries(office: Office, ref: str) -> list[Delivery]:
    with office.storage.reading() as tx:
        return tx.deliveries.of([int(ref, 16)]).get(int(ref, 16), [])


def waiting(office: Office) -> list[str]:
    """The kinds of all that would go out now."""
    with office.storage.transaction() as tx:
        return [each.kind for each in tx.deliveries.due(office.now, 100, list(KINDS.values()))]


def test_reviewers_are_asked_and_the_learner_hears_the_verdict(office: Office) -> None:
    """R-75: of what waits, of a yes and of a no; the words are looked up when it goes out (R-62)."""
    yes, no = office.pending(), office.pending()
    assert waiting(office) == ["review_requested"] * 2
    office.now += timedelta(hours=1)
    office.reviewing.validate(yes, actor=who("mia"), comment="secret yes")
    office.reviewing.reject(no, actor=who("mia"), comment="secret no")
    assert sorted(waiting(office)) == ["external_rejected", "external_validated"]
    for ref in (yes, no):
        asked, verdict = deliveries(office, ref)
        assert (asked.state, verdict.state) == (DeliveryState.DROPPED, DeliveryState.WAITING)
        assert json.loads(verdict.payload) == {"external": ref, "seq": 2}
        assert (verdict.learner_id, verdict.due_at) == ("id-ana", office.now)


def test_nobody_is_asked_about_what_has_ended(office: Office) -> None:
    """R-82: withdrawn before the request went out; one that went out already stays as it is."""
    early, late = office.pending(), office.pending()
    with office.storage.transaction() as tx:
        (sent,) = deliveries(office, late)
        done = Delivery(
            sent.id,
            sent.kind,
            sent.award_id,
            sent.learner_id,
            sent.payload,
            sent.due_at,
            1,
            DeliveryState.DONE,
            version=2,
        )
        tx.deliveries.update([done])
    for ref in (early, late):
        office.reviewing.withdraw(ref, actor=who("ana"))
    assert waiting(office) == []
    assert [each.state for each in deliveries(office, early)] == [DeliveryState.DROPPED]
    assert deliveries(office, late) == [done]


def test_a_correction_and_what_counts_at_once_tell_nobody(office: Office) -> None:
    """R-75: who does it sees it."""
    ref = office.pending()
    office.reviewing.correct(ref, actor=who("mia"), title="Other")
    assert waiting(office) == ["review_requested"]
    office.set(validation=False)
    accepted = office.submit("cy", by="gus").certificate.ref
    assert deliveries(office, accepted) == []


def test_a_new_version_is_asked_about_anew(office: Office) -> None:
    """R-73: each version has a request of its own."""
    first = office.pending()
    office.reviewing.reject(first, actor=who("mia"), comment="no")
    second = office.pending(replaces=first)
    assert deliveries(office, second)[0].id != deliveries(office, first)[0].id


def test_f26_nothing_is_told_of_what_was_not_done(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """I7: the verdict and the news of it are one transaction."""
    ref = office.pending()

    def fail(*_: object, **__: object) -> None:
        raise Conflict("whatever")

    with monkeypatch.context() as patched:
        patched.setattr("certcore.services.reviewing.records.notices_of", fail)
        patched.setattr("certcore.services.units.time.sleep", lambda _seconds: None)
        with pytest.raises(Conflict):
            office.reviewing.validate(ref, actor=who("mia"))
    assert waiting(office) == ["review_requested"]
    assert office.tasks("mia") == [ref]
