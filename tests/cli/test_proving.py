"""``certcore pdf`` and ``certcore verify`` as a user runs them (R-100, R-101)."""

import importlib.util
import io
import sys

import pytest
from pypdf import PdfReader

from tests.cli.running import CommandLine

NOW = ("--now", "2026-06-01T00:00:00Z")


@pytest.fixture
def awarded(loaded: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Ana, who is in Havana, holds SAFE-1, whose template is modern."""
    monkeypatch.setenv("CERTCORE_VERIFY_LINK", "https://lms.example/verify/{token}")
    monkeypatch.setenv("CERTCORE_ISSUER", "Example Ltd")
    loaded("award", "--certification", "SAFE-1", "--user", "ana", "--issued-on", "2026-03-01")
    return loaded


def number_of(certcore: CommandLine) -> str:
    """The number of the only award."""
    (award,) = certcore.json("search")["awards"]
    return str(award["number"])


def text_of(certcore: CommandLine, file: str) -> str:
    """All text of a PDF in the folder."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO((certcore.folder / file).read_bytes())).pages)


def test_a_document_is_written_and_says_how_it_can_be_checked(awarded: CommandLine) -> None:
    """Under its number; the JSON has the token, the link and the profile's."""
    number = number_of(awarded)
    document = awarded.json("pdf", number.lower())
    assert document["file"] == f"{number}.pdf"
    assert document["bytes"] == (awarded.folder / document["file"]).stat().st_size
    assert document["verify_link"] == f"https://lms.example/verify/{document['token']}"
    assert "linkedin.com" in document["profile_link"]
    text = text_of(awarded, document["file"])
    for part in (
        "Ana Rossi",
        "Safety",
        "Knows how to stay whole.",
        "March 1, 2026",
        "February 28, 2027",
        "Example Ltd",
    ):
        assert part in text


def test_a_document_looks_as_the_options_say(awarded: CommandLine) -> None:
    awarded.write(
        "logo.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    )
    number = number_of(awarded)
    options = ("--style", "classic", "--language", "it", "--logo", "logo.svg", "--hide-number", "--accent", "#802020")
    assert awarded("pdf", number, "--out", "mine.pdf", *options).code == 0
    text = text_of(awarded, "mine.pdf")
    assert "28 febbraio 2027" in text
    assert number not in text


def test_all_documents_of_a_certification_go_to_a_folder(awarded: CommandLine) -> None:
    """A name that no font has is a note and exit code 1; the others are there."""
    awarded.write("people.csv", "username,first_name,last_name\ngio,გიორგი,\n")
    awarded("people", "import", "people.csv")
    awarded("award", "--certification", "SAFE-1", "--user", "bo", "--user", "gio", "--issued-on", "2026-03-01")
    done = awarded("pdf", "--certification", "SAFE-1", "--folder", "all", "--json")
    assert (done.code, done.document["files"]) == (1, 2)
    (failed,) = done.document["failed"]
    assert failed["code"] == "unprintable"
    assert "U+10D2" in failed["message"]
    assert len(list((awarded.folder / "all").glob("*.pdf"))) == 2


def test_a_check_by_token_or_link_says_how_the_award_stands(awarded: CommandLine) -> None:
    """Exit code 0 only for what is valid."""
    number = number_of(awarded)
    shared = awarded.json("pdf", number)
    found = awarded.json("verify", shared["token"], *NOW)
    assert found == awarded.json("verify", f"{shared['verify_link']}/", *NOW)
    assert found == {
        "state": "valid",
        "number": number,
        "learner_name": "Ana Rossi",
        "title": "Safety",
        "issued_on": "2026-03-01",
        "last_valid_day": "2027-02-28",
        "renewed_by": None,
    }
    late = awarded("verify", shared["token"], "--now", "2028-01-01T00:00:00Z")
    assert late.code == 1
    assert "state: expired" in late.out
    for nonsense in (number, "", "x" * 500, f"-{shared['token'][1:]}", f"--{shared['token'][2:]}"):
        done = awarded("verify", nonsense, "--json")
        assert (done.code, done.document["state"]) == (1, "unknown")


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("0000-0000-0000-0",), 1, "not_found"),
        (("NUMBER", "--as", "bo"), 1, "not_found"),
        (("NUMBER", "--logo", "world.toml"), 1, "invalid_value"),
        (("NUMBER", "--logo", "nowhere.png"), 1, "unreadable_file"),
        (("NUMBER", "--style", "gothic"), 1, "invalid_value"),
        (("NUMBER", "--typst", "world.toml"), 1, "invalid_value"),
        (("NUMBER", "--out", "world.toml/x.pdf"), 1, "invalid_value"),
        (("--certification", "NONE-1", "--folder", "all"), 1, "not_found"),
        ((), 2, "wrong_usage"),
        (("NUMBER", "--folder", "all"), 2, "wrong_usage"),
        (("--certification", "SAFE-1"), 2, "wrong_usage"),
    ],
)
def test_what_cannot_be_made_is_said(awarded: CommandLine, arguments: tuple[str, ...], code: int, error: str) -> None:
    number = number_of(awarded)
    done = awarded("pdf", *(number if each == "NUMBER" else each for each in arguments), "--json")
    assert done.error == (code, error)


def test_without_the_extra_the_command_says_what_to_install(
    awarded: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [each for each in sys.modules if each.startswith("certcore.adapters.pdf_printer")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    done = awarded("pdf", number_of(awarded))
    assert done.code == 1
    assert "pip install 'certcore[pdf]'" in done.err
