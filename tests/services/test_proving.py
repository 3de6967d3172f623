"""Documents of awards, and the public check of them (R-100 to R-102)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import evolve

from certcore.adapters.sql import SqlStorage
from certcore.domain.awards import Details
from certcore.domain.decisions import Held
from certcore.domain.documents import Printout
from certcore.domain.people import Actor, Person
from certcore.domain.verification import UNKNOWN, VerificationState
from certcore.errors import InvalidValue, NotFound, NotSupported, Unprintable, Withdrawn
from certcore.ports import Storage
from tests.services.platform import ADMIN, Platform, platform_over
from tests.services.printing import PlainPrinter

ANA = Actor("id-ana")
PAGE = "https://lms.example/verify/{token}"


class Recorder(PlainPrinter):
    """Keeps what it was given to print."""

    printed: Printout

    def pdf(self, printed: Printout, template: str) -> bytes:
        self.printed = printed
        return super().pdf(printed, template)


@pytest.fixture
def proving(new_storage: Callable[[], Storage]) -> Platform:
    """Ana and Bo hold SAFE-1, in Rome."""
    platform = evolve(platform_over(new_storage(), verify_link=PAGE, issuer="Example Ltd"), printer=Recorder())
    platform.certification("SAFE-1", description="Knows how to stay whole.")
    platform.award("ana", "bo", zone="Europe/Rome", details=Details(note="Friend of the boss"))
    return platform


def state(platform: Platform, token: str) -> VerificationState:
    """What the public check says now."""
    return platform.registrar.proving.verify(token).state


def token_of(platform: Platform, username: str = "ana") -> str:
    """The token of the only award that somebody has."""
    return platform.registrar.proving.share(platform.number_of(username), actor=ADMIN).token


def test_a_document_prints_what_the_award_kept_in_the_dates_of_its_zone(proving: Platform) -> None:
    """R-10, R-28: the title of then, no note, the days of Rome."""
    proving.registrar.defining.edit("SAFE-1", name="Safety, renamed", actor=ADMIN)
    proving.registrar.proving.document(proving.number_of("ana"), actor=ANA)
    assert isinstance(proving.printer, Recorder)
    printed = proving.printer.printed
    assert (printed.title, printed.description) == ("Name of SAFE-1", "Knows how to stay whole.")
    assert (printed.learner_name, printed.issued_on, printed.last_valid_day) == (
        "Ana Rossi",
        date(2026, 3, 1),
        date(2027, 2, 28),
    )
    assert printed.verify_link == PAGE.format(token=token_of(proving))
    assert "Friend" not in repr(printed)


def test_somebody_elses_document_is_not_there(proving: Platform) -> None:
    """R-114: as one that never was."""
    with pytest.raises(NotFound) as foreign:
        proving.registrar.proving.document(proving.number_of("bo"), actor=ANA)
    with pytest.raises(NotFound) as unknown:
        proving.registrar.proving.document("0000-0000-0000-0", actor=ANA)
    assert type(foreign.value) is type(unknown.value)
    assert foreign.value.kind == unknown.value.kind


def test_what_was_taken_away_has_no_document(proving: Platform) -> None:
    """R-61: an admin is told why, the learner that there is nothing."""
    number = proving.number_of("ana")
    proving.registrar.archiving.revoke(number, reason="Fraud", actor=ADMIN)
    with pytest.raises(Withdrawn, match=number):
        proving.registrar.proving.document(number, actor=ADMIN)
    with pytest.raises(Withdrawn):
        proving.registrar.proving.share(number, actor=ADMIN)
    with pytest.raises(NotFound):
        proving.registrar.proving.document(number, actor=ANA)


def test_without_a_printer_there_are_no_documents(platform: Platform) -> None:
    """The refusal says what is missing."""
    platform.certification("SAFE-1")
    platform.award("ana")
    with pytest.raises(NotSupported, match="printer"):
        platform.registrar.proving.document(platform.number_of("ana"), actor=ADMIN)
    with pytest.raises(NotSupported, match="printer"):
        platform.registrar.proving.documents(actor=ADMIN)


def test_documents_of_many_come_one_after_the_other_and_one_that_fails_stops_none(proving: Platform) -> None:
    """R-100: whose name no font has is named, in pages of any size; the withdrawn are left out."""
    for n in range(230):
        proving.directory.put(Person(f"id-{n}", f"n{n}", "Ñ" if n == 3 else "N"))
    proving.award(*(f"n{n}" for n in range(230)))
    proving.registrar.correcting.unassign(proving.number_of("bo"), actor=ADMIN)
    found = list(proving.registrar.proving.documents(actor=ADMIN, certification="SAFE-1"))
    failed = [each for each in found if each.content is None]
    assert len({each.number for each in found}) == len(found) == 231
    assert [each.number for each in failed] == [proving.number_of("n3")]
    assert isinstance(failed[0].error, Unprintable)
    assert found[0].file_name == f"{found[0].number}.pdf"
    own = list(proving.registrar.proving.documents(actor=ANA))
    assert [each.number for each in own] == [proving.number_of("ana")]


def test_a_template_that_the_printer_has_not_is_named(proving: Platform) -> None:
    """The certification's template is the printer's to know."""
    proving.registrar.defining.edit("SAFE-1", template="gothic", actor=ADMIN)
    with pytest.raises(InvalidValue, match="gothic"):
        proving.registrar.proving.document(proving.number_of("ana"), actor=ADMIN)


def test_the_public_check_says_how_an_award_stands_at_every_turn_of_its_life(proving: Platform) -> None:
    """R-101, f32: half-open to the instant; renewed says by which."""
    token, number = token_of(proving), proving.number_of("ana")
    expiry = datetime(2027, 2, 28, 23, tzinfo=UTC)
    for now, expected in (
        (datetime(2026, 2, 28, 22, 59, 59, 999_999, tzinfo=UTC), VerificationState.UPCOMING),
        (datetime(2026, 2, 28, 23, tzinfo=UTC), VerificationState.VALID),
        (expiry - timedelta(microseconds=1), VerificationState.VALID),
        (expiry, VerificationState.EXPIRED),
    ):
        proving.now = now
        assert state(proving, token) is expected
    proving.now = datetime(2026, 6, 1, tzinfo=UTC)
    proving.award("ana", held=Held.RENEW, issued_on=date(2026, 9, 1), zone="Europe/Rome")
    assert state(proving, token) is VerificationState.VALID
    proving.now = datetime(2026, 10, 1, tzinfo=UTC)
    records = proving.registrar.reporting.search(actor=ADMIN, username="ana").records
    (newer,) = (each.award.number for each in records if each.award.number != number)
    found = proving.registrar.proving.verify(token)
    assert (found.state, found.number, found.renewed_by) == (VerificationState.RENEWED, number, newer)
    assert (found.learner_name, found.title) == ("Ana Rossi", "Name of SAFE-1")
    newer_token = proving.registrar.proving.share(newer, actor=ADMIN).token
    proving.registrar.archiving.revoke(newer, reason="Fraud", actor=ADMIN)
    assert state(proving, newer_token) is VerificationState.REVOKED
    assert proving.registrar.proving.verify(token).renewed_by is None


def test_of_what_was_a_mistake_nothing_but_that_is_told(proving: Platform) -> None:
    """R-33: no name, no title, no number."""
    token = token_of(proving)
    proving.registrar.correcting.unassign(proving.number_of("ana"), actor=ADMIN)
    found = proving.registrar.proving.verify(token)
    assert found == evolve(UNKNOWN, state=VerificationState.WITHDRAWN)


def test_f47_what_is_no_token_of_ours_is_unknown_and_numbers_are_not_accepted(proving: Platform) -> None:
    """R-101: nonsense, a number, another case, a token cut short, and one that nobody has: one answer."""
    token, number = token_of(proving), proving.number_of("ana")
    for text in (
        "",
        number,
        number.replace("-", ""),
        token[:-1],
        token + "A",
        "A" * 22,
        "é" * 22,
        f"{token}\n",
        "\x00",
    ):
        assert proving.registrar.proving.verify(text) == UNKNOWN
    assert proving.registrar.proving.verify(token.swapcase()) == UNKNOWN


def test_f47_another_tenants_token_is_unknown(tmp_path: Path) -> None:
    """R-101, R-116: in the same database, as any other nonsense is."""
    mine, theirs = (SqlStorage(f"sqlite:///{tmp_path / 'both.db'}", tenant=each) for each in ("mine", "theirs"))
    mine.upgrade()
    platform, other = platform_over(mine), platform_over(theirs)
    platform.certification("SAFE-1")
    platform.award("ana")
    assert state(platform, token_of(platform)) is VerificationState.VALID
    assert other.registrar.proving.verify(token_of(platform)) == UNKNOWN
    mine.close()
    theirs.close()


def test_f22_making_documents_and_checking_change_nothing(proving: Platform) -> None:
    """I11: the history is as long as before, and every award as it was."""
    number = proving.number_of("ana")
    before = proving.registrar.reporting.show(number, actor=ADMIN)
    proving.registrar.proving.document(number, actor=ANA)
    list(proving.registrar.proving.documents(actor=ADMIN))
    proving.registrar.proving.verify(token_of(proving))
    assert proving.registrar.reporting.show(number, actor=ADMIN) == before


def test_a_learner_shares_the_check_and_adds_the_award_to_a_profile(proving: Platform) -> None:
    """R-102: names, dates and the link, escaped."""
    shared = proving.registrar.proving.share(proving.number_of("ana"), actor=ANA)
    assert shared.verify_link == PAGE.format(token=shared.token)
    fields = parse_qs(urlsplit(shared.profile_link or "").query)
    assert {name: value for name, (value,) in fields.items()} == {
        "startTask": "CERTIFICATION_NAME",
        "name": "Name of SAFE-1",
        "organizationName": "Example Ltd",
        "issueYear": "2026",
        "issueMonth": "3",
        "expirationYear": "2027",
        "expirationMonth": "2",
        "certUrl": shared.verify_link,
        "certId": proving.number_of("ana"),
    }


def test_without_a_page_there_is_a_token_and_no_link(platform: Platform) -> None:
    """What never expires has no date of expiry."""
    platform.certification("SAFE-1")
    platform.award("ana")
    shared = platform.registrar.proving.share(platform.number_of("ana"), actor=ANA)
    assert (shared.verify_link, shared.profile_link) == (None, None)
    assert state(platform, shared.token) is VerificationState.VALID
