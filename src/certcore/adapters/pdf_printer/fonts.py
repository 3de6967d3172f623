"""The fonts that documents are set in, and which characters they have."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from attrs import frozen
from fontTools.ttLib import TTCollection, TTFont

_PACKS: Final = ("western_core", "intl_rtl", "intl_south_asia", "intl_sea", "intl_africa", "intl_cjk")
_FAMILIES: Final = ("NotoSerif", "NotoSans")
_SUFFIXES: Final = frozenset({".ttf", ".otf", ".ttc", ".otc"})
_INVISIBLE: Final = frozenset({"Cf", "Zs", "Zl", "Zp", "Cc"})
_VARIATION: Final = frozenset((*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x034F))
_MARKS: Final = frozenset({"Mn", "Mc", "Me"})
_CHINESE: Final = "Noto Sans SC"
_HAN: Final = {"ja": "Noto Sans JP", "ko": "Noto Sans KR"}
"""Whose shapes of Han characters a language wants; else those of simplified Chinese."""


@frozen
class Fonts:
    """Font files, in the order in which a character's glyph is looked for: a host's own, then Noto's."""

    files: tuple[Path, ...]

    @classmethod
    def of(cls, folders: Iterable[Path]) -> "Fonts":
        """The fonts in these folders and those within them, and the Noto fonts that are installed."""
        return cls((*(file for folder in folders for file in _in_folder(folder)), *_installed()))

    @property
    def folders(self) -> list[Path]:
        """The folders they are in."""
        return list(dict.fromkeys(file.parent for file in self.files))

    @cached_property
    def families(self) -> Sequence[str]:
        """The families, in order, each once."""
        return list(dict.fromkeys(name for file in self.files for name in _names(file)))

    def after(self, first: str, language: str) -> list[str]:
        """All families in order, ``first`` before all others of Noto, Han characters in the shapes of ``language``."""
        han = _HAN.get(language, _CHINESE)
        own = [each for each in self.families if not each.startswith("Noto ")]
        return list(dict.fromkeys([*own, first, "Noto Sans", han, *self.families]))

    def lacks(self, text: str) -> str | None:
        """The first character of ``text`` that cannot be printed as part of its cluster; None when all can."""
        for cluster in _clusters(text):
            if not any(_characters(file) >= cluster for file in self.files):
                return next((each for each in map(chr, sorted(cluster)) if not self._has(each)), chr(max(cluster)))
        return None

    def shows(self, text: str) -> bool:
        """Whether there is anything to be seen of ``text``."""
        return next(_clusters(text), None) is not None

    def _has(self, character: str) -> bool:
        return any(ord(character) in _characters(file) for file in self.files)


def _clusters(text: str) -> Iterator[frozenset[int]]:
    """The code points that need a glyph of one font together: a base with its marks."""
    found: set[int] = set()
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in _INVISIBLE or ord(character) in _VARIATION:
            continue
        if category not in _MARKS and found:
            yield frozenset(found)
            found = set()
        found.add(ord(character))
    if found:
        yield frozenset(found)


@cache
def _characters(file: Path) -> frozenset[int]:
    with _opened(file) as faces:
        return frozenset().union(*(face.getBestCmap() or () for face in faces))


@cache
def _names(file: Path) -> tuple[str, ...]:
    with _opened(file) as faces:
        return tuple(face["name"].getBestFamilyName() for face in faces)


@contextmanager
def _opened(file: Path) -> Iterator[Sequence[TTFont]]:
    """The faces in a font file."""
    if file.suffix.lower() in {".ttc", ".otc"}:
        with TTCollection(file, lazy=True) as collection:
            yield collection.fonts
    else:
        with TTFont(file, lazy=True) as face:
            yield [face]


def _in_folder(folder: Path) -> list[Path]:
    return sorted(each for each in Path(folder).rglob("*") if each.suffix.lower() in _SUFFIXES)


def _installed() -> Iterator[Path]:
    for pack in _PACKS:
        spec = find_spec(f"justmytype_{pack}")
        for place in (spec.submodule_search_locations or ()) if spec else ():
            yield from (each for each in _in_folder(Path(place)) if each.name.startswith(_FAMILIES) and _upright(each))


def _upright(file: Path) -> bool:
    return "Italic" not in file.name and "Mono" not in file.name
