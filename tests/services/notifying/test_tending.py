"""Tending: what a worker does besides jobs is all that is due, until it is to stop."""

from collections.abc import Callable
from datetime import timedelta

from certcore.ports import Storage
from tests.services.notifying.desk import Mail, desk_over

NAMES = ("ana", "bo", "cy")


def test_all_that_is_due_is_swept_and_delivered(new_storage: Callable[[], Storage]) -> None:
    """R-80, R-83: page by page; again it tells nothing, and once it is to stop it begins nothing."""
    mail = Mail()
    desk = desk_over(new_storage(), mail)
    desk.certification("SAFE-1")
    desk.rule("issued")
    desk.rule("30 days before", "soon")
    desk.award(*NAMES)
    tend = desk.registrar.notifying.tend
    tend(lambda: True)
    assert mail.taken == []
    tend(limit=1)
    assert sorted(message.recipient.username for message in mail.taken) == sorted(NAMES)
    desk.now += timedelta(days=340)
    tend(limit=1)
    tend(limit=1)
    assert len(mail.taken) == len({message.id for message in mail.taken}) == 6
