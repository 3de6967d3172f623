"""Files that a command reads or writes: opened with a clear refusal, ``-`` for standard input."""

import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import date, time
from math import isfinite
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Final, TextIO

from attrs import define

from certcore.adapters.files import beside
from certcore.cli.arguments import STDIN
from certcore.errors import InvalidDefinition, InvalidValue, UnreadableFile

_DEEPEST: Final = 64
_LONGEST_BITS: Final = 256
_LOOKS_LIKE_JSON: Final = re.compile(r"[\s\[]*\{")  # no TOML begins with a brace, nor with one after brackets


@contextmanager
def opened(name: str, *, seekable: bool = True) -> Iterator[BinaryIO]:
    """A binary file; a pipe's is kept in a temporary one where it must be seekable. Raises `UnreadableFile`."""
    if name == STDIN:
        with _kept(sys.stdin.buffer) if seekable else nullcontext(sys.stdin.buffer) as file:
            yield file
        return
    try:
        source = Path(name).open("rb")  # noqa: SIM115 - closed below, outside this try
    except FileNotFoundError:
        raise UnreadableFile("no_such_file", f"there is no file {name!r}; correct the path") from None
    except IsADirectoryError:
        raise UnreadableFile("directory", f"{name!r} is a directory; give one of the files in it") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UnreadableFile(
            "unreadable", f"{name!r} cannot be opened ({why}); check the path and your rights"
        ) from None
    with source:
        if source.seekable() or not seekable:
            yield source
        else:
            with _kept(source) as file:
                yield file


@contextmanager
def _kept(stream: BinaryIO) -> Iterator[BinaryIO]:
    with TemporaryFile() as file:
        shutil.copyfileobj(stream, file)
        file.seek(0)
        yield file


def read_data(name: str) -> Mapping[str, Any]:
    """The table that a TOML or JSON file holds; raises `UnreadableFile`."""
    data = read_document(name)
    if not isinstance(data, dict):
        raise UnreadableFile("not_a_table", "the file holds no table; put its lists under names such as people")
    return data


def read_document(name: str) -> Any:
    """What a TOML or JSON file holds, in JSON most often a table or a list; raises `UnreadableFile`."""
    with opened(name) as file:
        content = file.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = f"byte 0x{content[error.start]:02x} at offset {error.start} is not UTF-8; save the file as UTF-8"
        raise UnreadableFile("undecodable", problem) from None
    if not text.strip():
        raise UnreadableFile("empty_file", "the file is empty; give one that says something")
    is_json = name.endswith(".json") or _LOOKS_LIKE_JSON.match(text) is not None
    try:
        return json.loads(text, object_pairs_hook=_each_key_once) if is_json else tomllib.loads(text)
    except RecursionError:
        raise UnreadableFile("nested_too_deep", "the tables of the file are nested too deep; flatten them") from None
    except ValueError as error:
        kind = "JSON" if is_json else "TOML"
        raise UnreadableFile(f"not_{kind.lower()}", f"the file is not {kind}: {error}") from None


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {next(key for key in keys if keys.count(key) > 1)!r} comes twice in one table")
    return data


def jsonable(data: Any, path: str = "", deep: int = 0) -> Any:
    """Data as JSON has it: TOML's dates as text; refuses what JSON cannot say, and what is nested too deep."""
    if deep > _DEEPEST:
        raise UnreadableFile("nested_too_deep", f"tables are nested more than {_DEEPEST} deep; flatten them")
    if isinstance(data, dict):
        return {name: jsonable(each, f"{path}.{name}".lstrip("."), deep + 1) for name, each in data.items()}
    if isinstance(data, list):
        return [jsonable(each, f"{path}.{place}".lstrip("."), deep + 1) for place, each in enumerate(data)]
    if isinstance(data, float) and not isfinite(data):
        raise InvalidDefinition(path, f"{data} is no number to count with; give a finite one")
    if isinstance(data, int) and data.bit_length() > _LONGEST_BITS:
        raise InvalidDefinition(path, "a number of that size counts nothing; give a smaller one")
    return data.isoformat() if isinstance(data, date | time) else data


@contextmanager
def replaced(name: str, option: str) -> Iterator[BinaryIO]:
    """A file to write that is there under its name when it is whole; ``-`` is standard output.

    Raises `InvalidValue` naming the ``option`` where that cannot be.
    """
    if name == STDIN:
        yield sys.stdout.buffer
        return
    path = Path(name)
    try:
        if not path.parent.is_dir() or path.is_dir():
            raise IsADirectoryError(f"{path} is a folder" if path.is_dir() else f"there is no folder {path.parent}")
        with beside(path) as file:
            yield file
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise InvalidValue(option, name, f"a file that can be written ({why})") from None


@define
class LateFile:
    """A text file that is replaced when the first text is written to it, and found writable before."""

    path: Path
    _file: TextIO | None = None

    @classmethod
    @contextmanager
    def writable(cls, name: str, option: str, *, apart_from: str = STDIN) -> Iterator["LateFile"]:
        """Ready to be written; raises `InvalidValue` naming the ``option`` where that cannot be.

        So it does for the file that is being read, ``apart_from``.
        """
        path = Path(name)
        try:
            path.open("a").close()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise InvalidValue(option, name, f"a file that can be written ({why})") from None
        if apart_from != STDIN and os.path.samefile(path, apart_from):  # noqa: PTH121
            raise InvalidValue(option, name, "another file than the one that is imported")
        late = cls(path)
        try:
            yield late
        finally:
            if late._file is not None:
                late._file.close()

    def write(self, text: str, /) -> int:
        """Add the text."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
        return self._file.write(text)
