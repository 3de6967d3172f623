"""The files of an export: one CSV, or a zip with one for each key."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final, Protocol
from zipfile import ZIP_DEFLATED, ZipFile

from certcore.domain.exports import cells
from certcore.domain.filenames import stem_of

_BOM: Final = "utf-8-sig"
_PLAIN: Final = "utf-8"


class Sheets(Protocol):
    """Where pages of cells go."""

    @property
    def count(self) -> int:
        """How many files there are."""

    def add(self, lines: Sequence[str], keys: Sequence[Sequence[str]]) -> None:
        """Write the lines of a page; ``keys`` name the files of each, where there is more than one."""


@contextmanager
def opened(target: BinaryIO, header: Sequence[str], *, split: bool, bom: bool) -> Iterator[Sheets]:
    """What writes to ``target``, which stays open: a zip where it is to be ``split``."""
    encoding = _BOM if bom else _PLAIN
    if not split:
        text = TextIOWrapper(target, encoding=encoding, newline="")
        try:
            yield _OneSheet(text, header)
        finally:
            text.detach()
        return
    with TemporaryDirectory(prefix="certcore-export-") as folder:
        sheets = _SheetOfEach(Path(folder), header, encoding)
        yield sheets
        sheets.pack(target)


class _OneSheet:
    def __init__(self, text: TextIOWrapper, header: Sequence[str]) -> None:
        self._text = text
        text.write(_whole([cells(*header)]))

    @property
    def count(self) -> int:
        return 1

    def add(self, lines: Sequence[str], keys: Sequence[Sequence[str]]) -> None:  # noqa: ARG002 - all is one file
        self._text.write(_whole(lines))


class _SheetOfEach:
    """Files in a folder, each open only while a page is added to it: there may be thousands."""

    def __init__(self, folder: Path, header: Sequence[str], encoding: str) -> None:
        self._folder = folder
        self._header = header
        self._encoding = encoding
        self._files: dict[str, Path] = {}

    @property
    def count(self) -> int:
        return len(self._files)

    def add(self, lines: Sequence[str], keys: Sequence[Sequence[str]]) -> None:
        of_each: dict[str, list[str]] = {}
        for line, names in zip(lines, keys, strict=True):
            for name in names:
                of_each.setdefault(name, []).append(line)
        for name, its_lines in of_each.items():
            is_new = name not in self._files
            path = self._files.setdefault(name, self._folder / str(len(self._files)))
            with path.open("a", encoding=self._encoding if is_new else _PLAIN, newline="") as file:
                file.write(_whole([cells(*self._header), *its_lines] if is_new else its_lines))

    def pack(self, target: BinaryIO) -> None:
        """Write the zip: each file under a name that is safe on any system and no other's there."""
        taken: set[str] = set()
        with ZipFile(target, "w", ZIP_DEFLATED) as archive:
            for name in sorted(self._files):
                archive.write(self._files[name], f"{_free(stem_of(name), taken)}.csv")


def _whole(lines: Sequence[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def _free(stem: str, taken: set[str]) -> str:
    number, name = 1, stem
    while name.casefold() in taken:
        number += 1
        name = f"{stem} ({number})"
    taken.add(name.casefold())
    return name
