"""The pages on kinds of regimes show what the command draws."""

import re
from pathlib import Path

import pytest

from tests.cli.running import CommandLine

FOLDER = Path(__file__).parents[2] / "docs" / "explanation" / "regimes"
PAGES = sorted(page.stem for page in FOLDER.glob("*.md") if page.stem != "index")


def timeline_of(page: str) -> str:
    """The file that a page's picture is drawn from."""
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    (data,) = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return str(data)


@pytest.mark.parametrize("page", PAGES)
def test_a_pages_picture_is_what_its_file_gives(certcore: CommandLine, page: str) -> None:
    """Issue 4: a running example and its timeline, drawn by policy timeline --svg."""
    certcore.json("policy", "timeline", certcore.write("line.json", timeline_of(page)), "--svg", "out.svg")
    drawn = (certcore.folder / "out.svg").read_text(encoding="utf-8")
    assert (FOLDER / f"{page}.svg").read_text(encoding="utf-8") == drawn
    assert f"]({page}.svg)" in (FOLDER / f"{page}.md").read_text(encoding="utf-8")


def test_every_page_is_listed() -> None:
    """The index leads to each."""
    listed = re.findall(r"^[a-z-]+$", (FOLDER / "index.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == PAGES
