"""``certcore external judge``: the verdict on one PDF."""

import subprocess
from typing import Any

import pytest

from certcore.adapters.pdf_judge import judge as judge_module
from certcore.domain.files import SENTENCES
from tests.adapters.pdf_judge.pdfs import certificate
from tests.cases import CASES, needs_cases
from tests.cli.running import CommandLine

SCRIPTED = certificate(more=[b"<</S/JavaScript/JS(app.alert\\(1\\))>>"])


@pytest.fixture(autouse=True)
def no_database(certcore: CommandLine) -> Any:
    """No command here opens one, and nothing is stored."""
    yield
    assert not (certcore.folder / "certcore.db").exists()


def test_a_file_that_would_be_taken(certcore: CommandLine) -> None:
    """The fixed point: the verdict and no reasons."""
    name = certcore.write("a.pdf", certificate())
    assert certcore.json("external", "judge", name) == {"verdict": "accept", "reasons": []}
    assert certcore("external", "judge", name).out == "Accepted.\n"
    assert [path.name for path in certcore.folder.iterdir()] == ["a.pdf"]


def test_a_file_that_would_be_held(certcore: CommandLine) -> None:
    """Exit code 0, for it is taken; each reason is a code and a sentence."""
    name = certcore.write("a.pdf", SCRIPTED)
    assert certcore.json("external", "judge", name) == {
        "verdict": "flag",
        "reasons": [{"code": "script", "text": SENTENCES["script"]}],
    }
    done = certcore("external", "judge", name)
    assert (done.code, done.out.split("\n")[0]) == (0, "Held with a warning.")
    assert SENTENCES["script"] in done.out.replace("\n", " ")


def test_a_file_that_would_be_refused(certcore: CommandLine) -> None:
    """Exit code 1."""
    done = certcore("external", "judge", certcore.write("a.pdf", b"PK\3\4"), "--json")
    assert (done.code, done.err) == (1, "")
    assert done.document == {"verdict": "reject", "reasons": [{"code": "not_a_pdf", "text": SENTENCES["not_a_pdf"]}]}


def test_several_reasons_have_a_line_each(certcore: CommandLine) -> None:
    """So that a script can read them, too."""
    content = certificate(more=[b"<</S/JavaScript>>", b"<</XFA()>>"])
    done = certcore("external", "judge", certcore.write("a.pdf", content), "--json")
    assert sorted(each["code"] for each in done.document["reasons"]) == ["script", "xfa_form"]


NAMES = [
    "certificate.exe",
    "NUL",
    "C:\\CON",
    "x" * 250,
    "\u202efdp.exe",
    "a\r\nb.pdf",
    "a\x1b[31m.pdf",
    "%s%n",
    "-",
    " ",
]


@pytest.mark.parametrize("name", NAMES)
def test_f53_a_name_changes_nothing(certcore: CommandLine, name: str) -> None:
    """Content alone counts, and no name is printed or becomes a path of anything."""
    path = f"./{name}"
    certcore.write(path, certificate())
    done = certcore("external", "judge", path)
    assert (done.code, done.out) == (0, "Accepted.\n")
    certcore.write(path, b"\x89PNG\r\n\x1a\n")
    assert certcore("external", "judge", path, "--json").document["verdict"] == "reject"


def test_a_pdf_may_come_through_a_pipe(certcore: CommandLine) -> None:
    """A dash is standard input."""
    assert certcore("external", "judge", "-", stdin=certificate()).out == "Accepted.\n"


def test_an_endless_pipe_is_read_just_far_enough(certcore: CommandLine) -> None:
    """R-71: size before content; nothing of it is kept."""
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as endless:
        done = certcore.in_a_process("external", "judge", "/dev/stdin", "--json", stdin=endless.stdout)
        endless.kill()
    assert (done.code, done.document["reasons"][0]["code"]) == (1, "too_large")


@pytest.mark.parametrize("name", ["nothere.pdf", ".", "a\0b", ""])
def test_a_file_that_cannot_be_read_is_an_error(certcore: CommandLine, name: str) -> None:
    """No verdict, for nothing was judged."""
    assert certcore("external", "judge", name, "--json").error == (1, "unreadable_file")


def test_without_the_extra_the_error_names_it(certcore: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who installed the command line only."""
    monkeypatch.setattr(judge_module, "find_spec", lambda _name: None)
    done = certcore("external", "judge", certcore.write("a.pdf", certificate()))
    assert (done.code, done.out) == (1, "")
    assert "pip install 'certcore[upload]'" in done.err


@needs_cases
@pytest.mark.parametrize("bomb", ["syn_flate_bomb_100MB", "syn_flate_bomb_1GB_x3", "syn_deep_array_100k"])
def test_f51_a_renamed_bomb_is_caught(certcore: CommandLine, bomb: str) -> None:
    """As a picture, a text, or anything."""
    content = (CASES / "pdf" / f"{bomb}.pdf").read_bytes()
    for name in ("holiday.jpg", "certificate.pdf", "readme"):
        assert certcore("external", "judge", certcore.write(name, content), "--json").document["verdict"] == "reject"
