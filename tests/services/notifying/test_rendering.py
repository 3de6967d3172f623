"""From a notice to the message that its reader gets: words, language, dates and links, on every storage (R-81)."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from certcore.adapters.memory import MemoryDirectory
from certcore.domain.awards import Details
from certcore.domain.external import Claim, ExternalState, Review
from certcore.domain.jobs import JobState
from certcore.domain.notices import Attachment, Message, Notice, Trigger, When
from certcore.domain.notices.short_codes import codes_for
from certcore.domain.people import Person
from certcore.domain.verification import token_text
from certcore.errors import CorruptRecord, InvalidTemplate
from certcore.ports import Ports, Storage
from certcore.services.notifying.book import notice_book
from certcore.services.notifying.rendering import Draft, Unreadable, gathered, prepared
from certcore.testing.builders import make_external, make_job, make_person
from tests.services.platform import ADMIN, Platform, platform_over

LINKS = {
    "renew_link": "https://lms.example/renew/{number}",
    "document_link": "https://lms.example/documents/{number}.pdf",
    "verify_link": "https://lms.example/verify?token={token}",
}
EVERY_CODE_OF_AN_AWARD = "|".join(f"[{name}]" for name in codes_for(Trigger.ISSUED))


@pytest.fixture
def platform(new_storage: Callable[[], Storage]) -> Platform:
    """Ana, whose certification ends on 2027-03-01 in Rome, and Bo, who reads Brazilian Portuguese."""
    platform = platform_over(new_storage(), **LINKS)
    platform.directory.put(make_person("bo", language="pt-BR", first_name="Bô"))
    platform.certification("SAFE-1", items=["course:C-1"])
    platform.award("ana", zone="Europe/Rome", details=Details(score=Decimal("91.50")))
    platform.award("bo", zone="America/Sao_Paulo")
    return platform


def ports_of(platform: Platform) -> Ports:
    return platform.registrar.notifying._ports


def rule(platform: Platform, when: str = "30 days before", **parts: object) -> None:
    platform.registrar.notifying.set_rule("told", when, actor=ADMIN, **parts)  # type: ignore[arg-type]


def words(platform: Platform, body: str, subject: str = "Hello [first_name]", **more: tuple[str, str]) -> None:
    texts = {"en": (subject, body), **{language.replace("_", "-"): text for language, text in more.items()}}
    platform.registrar.notifying.set_template("mine", texts, actor=ADMIN)


def notice(platform: Platform, username: str = "ana", when: str = "30 days before", **changes: Any) -> Notice:
    asked = When.parse(when)
    moment = "2" if asked.offset is None else asked.offset.key(date(2027, 3, 1))
    subject = platform.number_of(username)
    made = Notice("told", asked, subject, f"id-{username}", f"id-{username}", moment, platform.now)
    return evolve(made, **changes)


def told(platform: Platform, *notices: Notice) -> list[Message | str]:
    """What each becomes."""
    found = prepared(ports_of(platform), {str(at): each for at, each in enumerate(notices)})
    return [each if isinstance(each, str) else each() for each in found.values()]


def message(platform: Platform, notice: Notice) -> Message:
    (found,) = told(platform, notice)
    assert isinstance(found, Message)
    return found


def test_every_code_of_an_award_has_its_value(platform: Platform) -> None:
    """R-10, R-81: dates are those of the award's zone, written in the reader's language, links lead to the award."""
    words(platform, EVERY_CODE_OF_AN_AWARD)
    rule(platform, template="mine")
    platform.now = datetime(2027, 2, 20, 23, 30, tzinfo=UTC)  # the 21st in Rome
    made = message(platform, notice(platform))
    with platform.storage.reading() as tx:
        (award,) = tx.awards.by_number([platform.number_of("ana")]).values()
    assert made.body.split("|") == [
        "Ana",
        "Rossi",
        "Ana Rossi",
        "ana",
        "Ana Rossi",
        "ana",
        "Name of SAFE-1",
        "SAFE-1",
        award.number,
        "March 1, 2026",
        "March 1, 2027",
        "February 28, 2027",
        "7",
        "Europe/Rome",
        "91.50",
        f"https://lms.example/renew/{award.number}",
        f"https://lms.example/documents/{award.number}.pdf",
        f"https://lms.example/verify?token={token_text(award.token)}",
    ]
    assert made.subject == "Hello Ana"
    assert (made.language, made.number, made.last_valid_day) == ("en", award.number, date(2027, 2, 28))
    assert made.links["renew_link"] == f"https://lms.example/renew/{award.number}"


def test_readers_get_their_own_language_and_dates_of_the_award(platform: Platform) -> None:
    """R-10, R-81: whoever reads Portuguese is written to in it; the date is the award's, wherever they are."""
    words(platform, "Until [last_valid_day] ([zone])", pt_BR=("Olá [first_name]", "Até [last_valid_day] ([zone])"))
    rule(platform, template="mine")
    made = message(platform, notice(platform, "bo"))
    assert (made.language, made.subject) == ("pt-BR", "Olá Bô")
    assert made.body == "Até 28 de fevereiro de 2027 (America/Sao_Paulo)"


def test_words_of_certcores_own_are_readable(platform: Platform) -> None:
    """R-81: without a template, with the links that the host has and without lines for what there is not."""
    rule(platform)
    made = message(platform, notice(platform))
    number = platform.number_of("ana")
    assert made.subject == "Name of SAFE-1 of Ana Rossi: last valid day February 28, 2027"
    assert made.body.startswith("Hello Ana Rossi,\n\nthe certification Name of SAFE-1 of Ana Rossi is valid until")
    assert f"\nRenew it here: https://lms.example/renew/{number}\n" in made.body
    bare = evolve(ports_of(platform), settings=platform_over(platform.storage).settings)
    (make,) = prepared(bare, {"": notice(platform)}).values()
    assert callable(make)
    assert "here" not in make().body
    assert "[" not in make().body
    assert make().links == {}


def test_managers_are_told_whose_it_is(platform: Platform) -> None:
    """R-80: their own name in the greeting, the learner's in the text."""
    words(platform, "[full_name]: [learner] ([learner_username])")
    rule(platform, template="mine", audience="managers")
    platform.directory.put(make_person("mia", first_name="Mia", last_name="Boss"))
    made = message(platform, notice(platform, recipient_id="id-mia"))
    assert (made.body, made.recipient.username, made.learner_id) == ("Mia Boss: Ana Rossi (ana)", "mia", "id-ana")


def test_the_name_of_the_certification_is_that_of_its_print(platform: Platform) -> None:
    """R-28: as documents print it, whatever it is called since; the code is that of today."""
    platform.registrar.defining.edit("SAFE-1", name="Renamed", actor=ADMIN)
    words(platform, "[certification] [code]")
    rule(platform, template="mine")
    assert message(platform, notice(platform)).body == "Name of SAFE-1 SAFE-1"


def test_what_never_expires_has_no_line_about_that(platform: Platform) -> None:
    """R-2: no date is made up."""
    platform.certification("EVER-1")
    platform.award("cy", code="EVER-1", always_valid=True)
    rule(platform, "issued")
    made = message(platform, notice(platform, "cy", "issued"))
    assert "Last valid day" not in made.body
    assert made.last_valid_day is None


def test_the_moment_passes_and_nobody_is_told(platform: Platform) -> None:
    """R-82: renewed, revoked, edited, expired or switched off meanwhile; each with its reason."""
    rule(platform)
    one = notice(platform)
    assert told(platform, evolve(one, subject="44RF-NDCD-4BPS-T")) == ["not_there"]
    assert told(platform, evolve(one, moment="2027-02-01")) == ["moved"]
    platform.now = datetime(2027, 3, 1, tzinfo=UTC)
    assert told(platform, one) == ["expired"]
    platform.registrar.archiving.revoke(one.subject, reason="Fraud", actor=ADMIN)
    assert told(platform, one) == ["over"]
    platform.registrar.notifying.switch_rule("told", active=False, actor=ADMIN)
    assert told(platform, one) == ["rule_off"]


def test_a_revocation_has_no_link_to_renew(platform: Platform) -> None:
    """R-61: nothing of it is left to renew or to show; that it was revoked can be checked."""
    rule(platform, "revoked")
    number = platform.number_of("ana")
    platform.registrar.archiving.revoke(number, reason="Fraud", actor=ADMIN)
    made = message(platform, notice(platform, when="revoked"))
    assert set(made.links) == {"verify_link"}
    assert made.body.endswith(f"certificate {number}, was revoked and is no longer valid.")


def test_f18_who_is_deactivated_or_gone_is_told_nothing(platform: Platform) -> None:
    """The reason is kept; the others are told."""
    rule(platform)
    one = notice(platform)
    found = told(platform, evolve(one, recipient_id="id-gone"), evolve(one, recipient_id="id-nobody"), one)
    assert found[:2] == ["deactivated_user", "unknown_user"]
    assert isinstance(found[2], Message)


def test_the_id_is_that_of_the_notice(platform: Platform) -> None:
    """R-82: of the tenant, the same whenever it is made."""
    rule(platform)
    one = notice(platform)
    first = message(platform, one)
    platform.now += timedelta(days=3)
    assert message(platform, one).id == first.id == one.id(platform.storage.tenant)


@pytest.mark.parametrize("name", ["[number]", "{{ 7*7 }}", "A\\r\\nBcc: eve@example.org", "\u202eevil", "%s {0} \\1"])
def test_what_people_are_called_is_never_read_as_a_template(platform: Platform, name: str) -> None:
    """R-81: hostile names are names of one line."""
    platform.directory.put(Person("id-ana", "ana", first_name=name, zone="Europe/Rome"))
    words(platform, "Hello [first_name]\nBye", subject="[first_name]!")
    rule(platform, template="mine")
    made = message(platform, notice(platform))
    shown = name.replace("\r\n", " ").replace("\u202e", "")
    assert (made.subject, made.body) == (f"{shown}!", f"Hello {shown}\nBye")


def test_an_item_to_take_again_is_called_by_its_title(platform: Platform) -> None:
    """R-51: by kind and code where the catalog has none."""
    words(platform, "[item]")
    rule(platform, "enrolled_again", template="mine")
    one = notice(platform, when="enrolled_again", item="course:C-9")
    assert message(platform, one).body == "course:C-9"


def test_a_verdict_is_told_with_the_comment(platform: Platform) -> None:
    """R-75: its lines stay lines; what it stands for is named where it stands for something."""
    with platform.storage.reading() as tx:
        safe = tx.certifications.by_code(["SAFE-1"])["SAFE-1"]
    claim = Claim("First aid", date(2026, 1, 31), "Europe/Rome", equivalence=safe.id)
    review = Review("id-boss", platform.now, "Too blurred.\nScan it again.")
    external = make_external(learner_id="id-ana", claim=claim, state=ExternalState.REJECTED, review=review)
    plain = make_external(learner_id="id-ana", state=ExternalState.VALIDATED)
    with platform.storage.transaction() as tx:
        tx.externals.add([external, plain])
    rule(platform, "external_rejected")
    made = message(platform, notice(platform, when="external_rejected", subject=external.ref))
    assert made.subject == "Rejected: First aid of Ana Rossi"
    assert "delivered on January 31, 2026, was rejected" in made.body
    assert made.body.endswith("Comment: Too blurred.\nScan it again.")
    rule(platform, "external_validated")
    made = message(platform, notice(platform, when="external_validated", subject=plain.ref))
    assert "Stands for" not in made.body
    assert (made.number, made.certification, made.links) == (None, None, {})
    assert told(platform, notice(platform, when="external_validated", subject="no id")) == ["not_there"]


def test_an_import_is_told_with_its_counts(platform: Platform) -> None:
    """R-80: to whoever asked for it."""
    job = make_job(kind="import", state=JobState.DONE, result={"rows": 7, "new": 5, "rejected": 2})
    with platform.storage.transaction() as tx:
        tx.jobs.add(job)
    rule(platform, "import_finished")
    made = message(platform, notice(platform, when="import_finished", subject=job.public_id))
    assert made.subject == f"Import {job.public_id} has finished: 7 rows, 2 rejected"
    assert "\nNew: 5\n" in made.body
    assert "Renewed" not in made.body


def test_files_of_the_host_go_with_the_message(platform: Platform) -> None:
    """What an `Attach` function makes, where it makes something; what it raises is the message's failure."""
    rule(platform)
    file = Attachment("a.txt", "text/plain", b"a")
    ports = evolve(ports_of(platform), attachments=(lambda _: None, lambda _: file))
    (make,) = prepared(ports, {"": notice(platform)}).values()
    assert callable(make)
    assert make().attachments == (file,)

    def fails(_message: Message) -> Attachment:
        raise OSError("disk full")

    (make,) = prepared(evolve(ports, attachments=(fails,)), {"": notice(platform)}).values()
    assert callable(make)
    with pytest.raises(OSError, match="disk full"):
        make()


def test_f39_what_cannot_be_read_takes_no_other_notice_with_it(platform: Platform) -> None:
    """It fails, and is not dropped: a backup may mend it."""
    rule(platform)

    class Torn(MemoryDirectory):
        def people(self, ids: object) -> Mapping[str, Person]:
            if "id-bo" in ids:  # type: ignore[operator]
                raise CorruptRecord("person", "id-bo", "unknown zone")
            return platform.directory.people(ids)  # type: ignore[arg-type]

    ports = evolve(ports_of(platform), directory=Torn())
    both = [notice(platform, "ana"), notice(platform, "bo")]
    with platform.storage.reading() as tx:
        good, torn = gathered(ports, tx, notice_book(tx), both, platform.now)
    assert isinstance(good, Draft)
    assert isinstance(torn, Unreadable)
    with pytest.raises(CorruptRecord):
        torn.message(ports)


def test_a_template_whose_engine_is_gone_fails_when_it_is_made(platform: Platform) -> None:
    """R-83: the message waits until the engine is there again."""
    rule(platform)
    with platform.storage.reading() as tx:
        (draft,) = gathered(ports_of(platform), tx, notice_book(tx), [notice(platform)], platform.now)
    assert isinstance(draft, Draft)
    with pytest.raises(InvalidTemplate, match="not one of this platform's"):
        evolve(draft, template=evolve(draft.template, engine="jinja")).message(ports_of(platform))


def test_many_notices_cost_as_many_statements_as_one(platform: Platform) -> None:
    """What they are about is read for all at once; the directory is asked once."""
    rule(platform)
    asked: list[int] = []

    class Counting(MemoryDirectory):
        def people(self, ids: object) -> Mapping[str, Person]:
            asked.append(len(list(ids)))  # type: ignore[call-overload]
            return platform.directory.people(ids)  # type: ignore[arg-type]

    ports = evolve(ports_of(platform), directory=Counting())
    found = prepared(ports, {str(at): notice(platform, name) for at, name in enumerate(["ana", "bo"] * 20)})
    assert len(found) == 40
    assert asked == [2]
