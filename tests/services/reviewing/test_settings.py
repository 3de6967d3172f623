"""The settings of external certificates: who changes them, and what stays on record (R-70)."""

from collections.abc import Callable

import pytest

from certcore.domain.history import verifies
from certcore.domain.reviewers import ExternalSettings, Reviewers
from certcore.errors import InvalidValue, NotFound
from certcore.ports import Storage
from tests.services.platform import ADMIN
from tests.services.reviewing.office import Office, office_over, who


@pytest.fixture
def office(new_storage: Callable[[], Storage]) -> Office:
    return office_over(new_storage())


def test_platform_admins_change_them_and_everybody_reads_them(office: Office) -> None:
    """R-72: nobody else changes any; a change leaves the rest as it was."""
    changed = office.reviewing.change_settings(actor=who("admin"), reviewers=["coaches", "managers"])
    assert changed == ExternalSettings(self_import=True, reviewers=frozenset({Reviewers.COACHES, Reviewers.MANAGERS}))
    for name in ("ana", "mia", "carl", "gus"):
        assert office.reviewing.settings(actor=who(name)) == changed
        with pytest.raises(NotFound):
            office.reviewing.change_settings(actor=who(name), self_import=True)
        with pytest.raises(NotFound):
            office.reviewing.settings_history(actor=who(name))


def test_before_anybody_changes_them_they_are_the_defaults(new_storage: Callable[[], Storage]) -> None:
    """R-70: closed; there is no history yet."""
    platform = Office(new_storage(), office_over(new_storage()).directory, office_over(new_storage()).catalog)
    assert platform.reviewing.settings(actor=ADMIN) == ExternalSettings()
    assert platform.reviewing.settings_history(actor=ADMIN) == []


def test_every_change_keeps_who_and_what(office: Office) -> None:
    """R-64: in a chain of its own; a change that changes nothing is none, and a wrong one leaves all as it was."""
    office.set(validation=False)
    office.set(validation=False)
    with pytest.raises(InvalidValue):
        office.set(validation=True, reviewers=[])
    history = office.reviewing.settings_history(actor=ADMIN)
    assert [(entry.seq, entry.act) for entry in history] == [(1, "changed"), (2, "changed")]
    assert '"before":{"credits":true,"own_review":false,' in history[1].facts
    assert history[1].personal == '{"actor":"admin"}'
    assert verifies(b"", history[0])
    assert verifies(history[0].hash, history[1])
    with office.storage.reading() as tx:
        (events,) = tx.outbox.of([history[0].award_id]).values()
    assert [(event.kind, event.notify) for event in events] == [("setting.changed", False)] * 2
    assert office.reviewing.settings(actor=ADMIN).validation is False
