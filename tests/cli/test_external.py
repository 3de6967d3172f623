"""``certcore external``: uploads, tasks, verdicts; the documents that others build on, and what a human sees."""

from pathlib import Path
from typing import Any

import pytest

from certcore.cli import session
from certcore.cli.session import folder_beside
from tests.adapters.pdf_judge.pdfs import certificate
from tests.cli.running import CommandLine

NOW = ("--now", "2026-03-15T12:00:00Z")
KEYS = {
    "id",
    "username",
    "state",
    "title",
    "delivered_on",
    "expires_on",
    "zone",
    "credits",
    "equivalence",
    "submitted",
    "file",
    "warnings",
    "submitted_at",
    "submitted_by",
    "reviewer",
    "decided_at",
    "comment",
    "outcome",
    "reasons",
    "award",
    "revision",
    "replaces",
    "replaced_by",
    "version",
}
SUBMIT = ("external", "submit", "ana", "aid.pdf", "--title", "First aid", "--delivered-on", "2026-01-31", *NOW)


@pytest.fixture
def office(loaded: CommandLine) -> CommandLine:
    """The small world: boss manages ana; a PDF; everybody may submit their own."""
    loaded.write("aid.pdf", certificate())
    loaded.write("scripted.pdf", certificate(more=[b"<</S/JavaScript/JS(app.alert\\(1\\))>>"]))
    loaded.write("program.pdf", b"MZ")
    assert loaded.json("external", "settings", "--self-import")["self_import"]
    return loaded


def submitted(office: CommandLine, *more: str) -> Any:
    return office.json(*SUBMIT, "--as", "ana", *more)


def test_what_a_submission_says(office: CommandLine) -> None:
    """The document, and the bytes in a folder beside the database, unchanged."""
    told = submitted(office, "--expires-on", "2028-01-31", "--credits", "6.5", "--name", "../../x.pdf")
    assert set(told) == KEYS
    assert {name: told[name] for name in ("username", "state", "title", "zone", "submitted_by", "revision")} == {
        "username": "ana",
        "state": "pending",
        "title": "First aid",
        "zone": "America/Havana",
        "submitted_by": "ana",
        "revision": 1,
    }
    assert (told["credits"], told["file"]["name"], told["award"]) == ("6.5", "../../x.pdf", None)
    (kept,) = [path for path in (office.folder / "certcore.db.documents").rglob("*") if path.is_file()]
    assert kept.read_bytes() == certificate()
    assert kept.name == f"{told['file']['sha256']}-{told['id']}"


def test_from_upload_to_award(office: CommandLine) -> None:
    """R-73, R-74: the reviewer's task, the verdict, the award, and both histories."""
    ref = submitted(office)["id"]
    (task,) = office.json("external", "list", "--tasks", "--as", "boss")["externals"]
    assert task["id"] == ref
    told = office.json(
        *("external", "review", ref, "--validate", "--as", "boss", "--comment", "well done"),
        *("--title", "First aid I", "--equivalence", "SAFE-1", *NOW),
    )
    assert (told["state"], told["reviewer"], told["comment"]) == ("validated", "boss", "well done")
    assert (told["equivalence"], told["outcome"], told["submitted"]["title"]) == ("SAFE-1", "new", "First aid")
    award = office.json("show", told["award"], *NOW)
    assert (award["basis"], award["issued_on"]) == ({"kind": "external_certification", "code": ref}, "2026-01-31")
    history = office.json("external", "show", ref)["history"]
    assert [entry["act"] for entry in history] == ["submitted", "corrected", "validated"]
    assert office.json("external", "list", "--tasks")["externals"] == []


def test_what_a_human_sees(office: CommandLine) -> None:
    """Lists fit 80 columns; one in full has its file, its original and its history."""
    ref = submitted(office)["id"]
    office("external", "review", ref, "--as", "boss", "--equivalence", "SAFE-1", *NOW)
    assert "submitted as" not in office("external", "show", ref).out
    office("external", "review", ref, "--as", "boss", "--title", "First aid I", *NOW)
    listed = office("external", "list").out
    assert all(len(line) <= 80 for line in listed.splitlines())
    assert ref in listed
    shown = office("external", "show", ref).out
    for word in ("First aid I", "submitted as", "aid.pdf", "corrected"):
        assert word in shown
    office("external", "review", ref, "--reject", "--comment", "blurred", "--as", "boss")
    assert "blurred" in office("external", "show", ref).out
    assert "No external certificates" in office("external", "list", "--learner", "bo").out
    assert "managers" in office("external", "settings").out


def test_a_rejected_one_is_submitted_again(office: CommandLine) -> None:
    """R-73: exit code 1 for a rejection without a comment, and for a second verdict."""
    ref = submitted(office)["id"]
    assert office("external", "review", ref, "--reject", "--as", "boss", "--json").error == (1, "invalid_value")
    office.json("external", "review", ref, "--reject", "--as", "boss", "--comment", "no")
    assert office("external", "review", ref, "--validate", "--as", "boss", "--json").error == (1, "not_pending")
    again = submitted(office, "--replaces", ref)
    assert (again["revision"], again["replaces"]) == (2, ref)
    assert office.json("external", "show", ref)["replaced_by"] == again["id"]
    assert office.json("external", "withdraw", again["id"], "--as", "ana")["state"] == "withdrawn"
    states = [each["state"] for each in office.json("external", "list", "--learner", "ana")["externals"]]
    assert sorted(states) == ["rejected", "withdrawn"]
    (one,) = office.json("external", "list", "--state", "withdrawn")["externals"]
    assert one["id"] == again["id"]


def test_lists_come_in_pages(office: CommandLine) -> None:
    """The cursor goes on."""
    refs = {submitted(office)["id"] for _ in range(3)}
    first = office.json("external", "list", "--limit", "2")
    second = office.json("external", "list", "--limit", "2", "--after", first["next"])
    assert {each["id"] for page in (first, second) for each in page["externals"]} == refs
    assert second["next"] is None
    assert "--after" in office("external", "list", "--limit", "2").out


def test_a_pdf_is_written_back(office: CommandLine) -> None:
    """Unchanged, and over no file that is there."""
    ref = submitted(office)["id"]
    office.json("external", "show", ref, "--save", "out.pdf", "--as", "ana")
    assert (office.folder / "out.pdf").read_bytes() == certificate()
    assert office("external", "show", ref, "--save", "out.pdf", "--json").error == (1, "system_error")


def test_a_file_through_a_pipe(office: CommandLine) -> None:
    """It needs no name."""
    arguments = ("external", "submit", "ana", "-", "--title", "x", "--delivered-on", "2026-01-31", "--as", "boss", *NOW)
    assert office("external", "settings", "--reviewers", "group_admins").code == 0
    told = office(*arguments, "--json", stdin=certificate())
    assert told.error == (1, "no_reviewer")
    office("external", "settings", "--no-validation")
    told = office(*arguments, "--json", stdin=certificate())
    assert (told.document["state"], told.document["file"]["name"]) == ("accepted", "certificate.pdf")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("aid.pdf", "program.pdf"), "file_refused"),
        (("aid.pdf", "none.pdf"), "unreadable_file"),
        (("ana", "nobody"), "not_found"),
        (("2026-01-31", "2026-03-16"), "invalid_value"),
        (("First aid", " "), "invalid_value"),
    ],
)
def test_what_is_refused(office: CommandLine, change: tuple[str, str], error: str) -> None:
    """Exit code 1, a code and a sentence; nothing is stored."""
    arguments = [change[1] if each == change[0] else each for each in (*SUBMIT, "--as", "ana")]
    assert office(*arguments, "--json").error == (1, error)
    assert office.json("external", "list")["externals"] == []
    assert not (office.folder / "certcore.db.documents").exists()


def test_a_warning_holds_a_file_and_refuses_it_where_nobody_validates(office: CommandLine) -> None:
    """R-73."""
    scripted = ["scripted.pdf" if each == "aid.pdf" else each for each in (*SUBMIT, "--as", "ana")]
    assert [each["code"] for each in office.json(*scripted)["warnings"]] == ["script"]
    office("external", "settings", "--no-validation")
    assert office(*scripted, "--json").error == (1, "file_refused")


def test_the_command_line_does_not_review_what_it_uploaded(office: CommandLine) -> None:
    """R-72: two hands; and whoever acts must be somebody."""
    ref = office.json(*SUBMIT)["id"]
    assert office("external", "review", ref, "--validate", "--json").error == (1, "review_refused")
    assert office("external", "review", ref, "--validate", "--as", "nobody", "--json").error == (1, "not_found")
    assert office("external", "review", ref, "--validate", "--as", "bo", "--json").error == (1, "not_found")
    assert office.json("external", "review", ref, "--validate", "--as", "boss")["state"] == "validated"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--validate", "--reject"),
        ("--reject", "--comment", "no", "--title", "x"),
        (),
        ("--comment", "well"),
        ("--validate", "--expires-on", "2027-01-01", "--no-expiry"),
        ("--validate", "--equivalence", "SAFE-1", "--no-equivalence"),
    ],
)
def test_a_review_that_says_two_things_is_wrong_usage(office: CommandLine, arguments: tuple[str, ...]) -> None:
    """Exit code 2."""
    ref = submitted(office)["id"]
    assert office("external", "review", ref, *arguments, "--json").error == (2, "wrong_usage")
    assert office.json("external", "show", ref)["version"] == 1


def test_tasks_are_not_filtered(office: CommandLine) -> None:
    """Exit code 2."""
    assert office("external", "list", "--tasks", "--learner", "ana", "--json").error == (2, "wrong_usage")


def test_a_correction_can_take_away(office: CommandLine) -> None:
    """An expiry and an equivalence; what others saw meanwhile is told."""
    ref = submitted(office, "--expires-on", "2028-01-31")["id"]
    office.json("external", "review", ref, "--equivalence", "SAFE-1", "--as", "boss", *NOW)
    told = office.json(
        "external", "review", ref, "--no-equivalence", "--no-expiry", "--seen", "2", "--as", "boss", *NOW
    )
    assert (told["equivalence"], told["expires_on"], told["version"]) == (None, None, 3)
    late = office("external", "review", ref, "--validate", "--seen", "2", "--as", "boss", "--json")
    assert late.error == (1, "review_refused")


def test_settings_are_changed_one_by_one(office: CommandLine) -> None:
    """R-70: what is not named stays."""
    told = office.json("external", "settings", "--reviewers", "coaches", "--reviewers", "managers", "--no-credits")
    assert told == {
        "self_import": True,
        "validation": True,
        "reviewers": ["coaches", "managers"],
        "own_review": False,
        "credits": False,
    }
    assert office.json("external", "settings") == told
    assert office(*SUBMIT, "--as", "ana", "--credits", "5", "--json").error == (1, "not_allowed_here")
    assert office("external", "settings", "--reviewers", "learners", "--json").error == (2, "wrong_usage")


def test_without_pypdf_nothing_is_uploaded(office: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names what to install."""
    monkeypatch.setattr(session, "find_spec", lambda _name: None)
    assert office(*SUBMIT, "--json").error == (1, "not_installed")


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("sqlite:////data/certcore.db", "/data/certcore.db.documents"),
        ("sqlite:///x.db?timeout=5", "x.db.documents"),
        ("sqlite:///", "certcore.documents"),
        ("postgresql://host/name", "certcore.documents"),
    ],
)
def test_where_documents_are_kept(monkeypatch: pytest.MonkeyPatch, url: str, folder: str, tmp_path: Path) -> None:
    """Beside the SQLite file, or where the environment says."""
    monkeypatch.delenv("CERTCORE_DOCUMENTS", raising=False)
    assert folder_beside(url, "documents") == folder
    monkeypatch.setenv("CERTCORE_DOCUMENTS", str(tmp_path))
    assert folder_beside(url, "documents") == str(tmp_path)
