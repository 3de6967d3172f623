"""What a file holds: every object that any reader could find in it, wherever it stands, and where it seems to begin.

Readers disagree on which objects count: by the table of offsets, by searching, by what a stream's length says. So the
table is not trusted, and objects are searched for in all bytes, also inside other objects and streams.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice, zip_longest
from operator import itemgetter
from typing import Any, Final

from attrs import define, field

from certcore.adapters.pdf_judge.budget import Budget, Stopped
from certcore.adapters.pdf_judge.filters import Undecodable, decoded, unpredicted
from certcore.adapters.pdf_judge.tokens import REGULAR, SKIPPED, WHITE, Dictionary, Parser, Ref
from certcore.domain.files import Finding

Decrypt = Callable[[int, int, bytes], bytes]
"""The bytes of the stream of object number, generation, as they were before the file was encrypted."""

_OBJECT: Final = re.compile(rb"obj(?<!endobj)(?!%b)" % REGULAR)  # beginning with letters, which are quickly searched
_NUMBERS: Final = re.compile(rb"(?<!%b)([0-9]{1,10})%b+([0-9]{1,5})%b*\Z" % (REGULAR, WHITE, WHITE))
_TRAILER: Final = re.compile(rb"trailer(?<!%btrailer)(?!%b)" % (REGULAR, REGULAR))
_LINE_END: Final = re.compile(rb"[^\r\n]*+(?:\r\n|\n|\r)")
_STREAM_END: Final = re.compile(rb"%b*endstream" % WHITE)
_NUMBER: Final = re.compile(rb"%b([0-9]{1,18})" % SKIPPED)
_LONGEST_HEADER: Final = 64
_MOST_FILTERS: Final = 16
_MOST_HOPS: Final = 32


@define
class Found:
    """An object; ``number`` is None where none stands before it, ``stream`` is where its bytes begin, if it has any."""

    number: int | None
    generation: int
    value: Any
    stream: int | None = None


@define
class Document:
    """The objects by number, the last one of each; the streams and trailers in the order of the file."""

    content: bytes
    budget: Budget
    parser: Parser = field(init=False)
    objects: dict[int, Found] = field(factory=dict, init=False)
    streams: list[Found] = field(factory=list, init=False)
    trailers: list[Dictionary] = field(factory=list, init=False)

    @parser.default
    def _fresh(self) -> Parser:
        return Parser(self.budget)

    def resolve(self, value: Any) -> Any:
        """The value, or what it refers to; None for what is not there or goes round in a circle."""
        for _ in range(_MOST_HOPS):
            if not isinstance(value, Ref):
                return value
            found = self.objects.get(value.number)
            value = None if found is None else found.value
        return None

    def dictionary(self, value: Any) -> Dictionary:
        """The dictionary that a value is or refers to; an empty one where it is something else."""
        found = self.resolve(value)
        return found if isinstance(found, dict) else {}

    def list(self, value: Any) -> list[Any]:
        """The list that a value is or refers to; else the value alone, or nothing for None."""
        found = self.resolve(value)
        return found if isinstance(found, list) else [] if found is None else [found]

    def catalog(self) -> Dictionary:
        """The root of the newest trailer that has one; `Stopped` when there is none."""
        for trailer in reversed(self.trailers):
            if root := self.dictionary(trailer.get("Root")):
                return root
        raise Stopped(Finding("broken", {"problem": "its table of contents is missing"}))

    def encryption(self) -> Dictionary | None:
        """What the newest trailer that has it says of encryption; None for a file that is not encrypted."""
        for trailer in reversed(self.trailers):
            if trailer.get("Encrypt") is not None:
                return self.dictionary(trailer["Encrypt"])
        return None


def read_objects(document: Document) -> None:
    """Find the objects that stand in the file's own bytes, its streams and trailers."""
    content, parser = document.content, document.parser
    trailers: list[tuple[int, Dictionary]] = []
    for at in _OBJECT.finditer(content):
        header = _NUMBERS.search(content[max(0, at.start() - _LONGEST_HEADER) : at.start()])
        if header is None and not content[at.start() - 1 : at.start()].isspace():
            continue
        values, keyword, end = parser.parse(content, at.end())
        value = values[0] if values else None
        found = Found(int(header[1]), int(header[2]), value) if header else Found(None, 0, value)
        if found.number is not None:
            document.objects[found.number] = found
        if keyword == b"stream" and isinstance(found.value, dict):
            line_end = _LINE_END.match(content, end)
            found.stream = line_end.end() if line_end else end
            document.streams.append(found)
            if "Root" in found.value:
                trailers.append((at.start(), found.value))
    for at in _TRAILER.finditer(content):
        values, _, _ = parser.parse(content, at.end())
        if values and isinstance(values[0], dict):
            trailers.append((at.start(), values[0]))
    document.trailers = [trailer for _, trailer in sorted(trailers, key=itemgetter(0))]


def unpack_streams(document: Document, decrypt: Decrypt | None) -> None:
    """Unpack every stream to see how large it gets, and read the objects that stand in object streams."""
    for found in document.streams:
        raw = _raw(document, found)
        if decrypt is not None and found.number is not None and found.value.get("Type") != "XRef":
            raw = decrypt(found.number, found.generation, raw)
        if "First" in found.value and "N" in found.value:
            _read_object_stream(document, found.value, raw)
        else:
            with suppress(Undecodable):
                deque(_unpacked(document, found.value, raw)[0], maxlen=0)


def _raw(document: Document, found: Found) -> bytes:
    content, start = document.content, found.stream or 0
    length = document.resolve(found.value.get("Length"))
    if isinstance(length, int) and 0 <= length <= len(content) and _STREAM_END.match(content, start + length):
        return content[start : start + length]
    end = content.find(b"endstream", start)
    return content[start:] if end < 0 else content[start:end]


def _unpacked(document: Document, dictionary: Dictionary, raw: bytes) -> tuple[Iterator[bytes], Dictionary]:
    """What comes out of the stream's filters in pieces, and the parameters of the last one."""
    filters = document.list(dictionary.get("Filter"))
    if len(filters) > _MOST_FILTERS:
        raise Stopped(Finding("nested_too_deep", {"limit": _MOST_FILTERS}))
    given = document.list(dictionary.get("DecodeParms", dictionary.get("DP")))
    parameters = [
        {key: document.resolve(value) for key, value in document.dictionary(each).items()}
        for each, _ in zip_longest(given[: len(filters)], filters)
    ]
    pieces = decoded(raw, [str(document.resolve(each)) for each in filters], parameters, document.budget)
    return pieces, parameters[-1] if parameters else {}


def _read_object_stream(document: Document, dictionary: Dictionary, raw: bytes) -> None:
    try:
        pieces, parameters = _unpacked(document, dictionary, raw)
        data = unpredicted(b"".join(pieces), parameters)
    except Undecodable:
        raise Stopped(Finding("broken", {"problem": "a packed part of it cannot be unpacked"})) from None
    first, count = (document.resolve(dictionary[key]) for key in ("First", "N"))
    if not isinstance(first, int) or not isinstance(count, int) or first < 0:
        raise Stopped(Finding("broken", {"problem": "a packed part of it does not say what is in it"}))
    numbers = [int(each[1]) for each in islice(_run_of_numbers(data), 2 * max(0, count))]
    values: dict[int, Any] = {}
    for number, offset in zip(numbers[::2], numbers[1::2], strict=False):
        if offset not in values:
            document.budget.parts(1)
            parsed = document.parser.parse(data, first + offset, one=True).values
            values[offset] = parsed[0] if parsed else None
        document.objects[number] = Found(number, 0, values[offset])


def _run_of_numbers(data: bytes) -> Iterator[re.Match[bytes]]:
    at = 0
    while found := _NUMBER.match(data, at):
        yield found
        at = found.end()
