"""f53: what an upload is called is data; no name whatever becomes a path or a second header."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certcore.domain.checks import UNSTORABLE
from certcore.domain.filenames import LONGEST, content_disposition, kept_name, saved_name, stem_of

HOSTILE = [
    "../../x",
    "C:\\CON",
    "NUL",
    "nul.pdf",
    "COM1.tar.pdf",
    "x" * 300,
    "\u202efdp.exe",
    "a\r\nSet-Cookie: b",
    'a"; filename="b.exe',
    "a\0.pdf",
    "\ud800",
    "",
    " . ",
    "..",
    ".pdf",
    "~/.ssh/id",
    "a\u2028b",
    "%2e%2e%2fx",
    "$(id)`id`",
]


@given(st.text())
@pytest.mark.parametrize("hostile", HOSTILE)
def test_f53_a_name_is_kept_as_every_storage_can(hostile: str, text: str) -> None:
    """One line, no controls, at most 255 characters, never blank; keeping it twice changes nothing."""
    for name in (hostile, text, hostile + text):
        kept = kept_name(name)
        assert 0 < len(kept) <= LONGEST
        assert kept.strip()
        assert not UNSTORABLE.search(kept)
        assert kept_name(kept) == kept


@given(st.text())
@pytest.mark.parametrize("hostile", HOSTILE)
def test_f53_a_saved_name_is_one_visible_part_that_no_system_takes_for_something_else(hostile: str, text: str) -> None:
    """No path, no device, no control, no mark that turns the text round; and a PDF."""
    for name in (hostile, text, hostile + text):
        saved = saved_name(name)
        assert saved.endswith(".pdf")
        assert len(saved) <= 120
        assert not re.search(r"[/\\\x00-\x1f\x7f-\x9f:*?\"<>|\u200b-\u200f\u202a-\u202e\u2066-\u2069]", saved)
        assert saved.split(".")[0].strip().lower() not in {"", "con", "nul", "prn", "aux", "com1", "lpt1"}


@pytest.mark.parametrize("text", ["\u8a3c" * 300, "\U0001d4d0" * 300, "a" + "\u8a3c" * 300])
def test_f53_a_name_in_any_script_is_short_enough_for_a_folder(text: str) -> None:
    """Systems count bytes: 255 with the ending, and with a number where another has the name."""
    assert len(saved_name(text).encode()) <= 220
    assert 0 < len(stem_of(text).encode()) <= 220


@given(st.text())
@example("Zeugnis für Zoë.pdf")
@pytest.mark.parametrize("hostile", HOSTILE)
def test_f53_the_header_is_one_line_with_two_values(hostile: str, text: str) -> None:
    """ASCII, two quotes, and the name that is saved comes back from it."""
    for name in (hostile, text, hostile + text):
        header = content_disposition(name)
        found = re.fullmatch(r"attachment; filename=\"([ !#-~]+)\"; filename\*=UTF-8''([A-Za-z0-9._~%-]+)", header)
        assert found
        assert unquote(found[2]) == saved_name(name)


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("Erste Hilfe.pdf", "Erste Hilfe.pdf"),
        ("Zeugnis für Zoë.PDF", "Zeugnis für Zoë.pdf"),
        ("C:\\Users\\ana\\aid.pdf", "aid.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("NUL", "certificate NUL.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
        ("証明書.pdf", "証明書.pdf"),
        ("", "certificate.pdf"),
        (".pdf.pdf", "certificate.pdf"),
    ],
)
def test_ordinary_names_stay_and_others_are_told_apart(name: str, saved: str) -> None:
    """Known answers."""
    assert saved_name(name) == saved
