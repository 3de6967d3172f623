"""From bytes to lines: which encoding a file has, and its lines, one bounded block at a time (CSV.md, f04, f08)."""

import codecs
import re
from io import StringIO
from typing import BinaryIO, Final

from certcore.errors import InvalidValue, UnreadableFile

BLOCK_BYTES: Final = 256 * 1024
LINE_LIMIT: Final = 1024 * 1024
"""The most characters of one line; larger than a block, so that only a block's first line can reach it."""

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAVE = "save the table as CSV (UTF-8) and give that file"
_FOREIGN = (
    (re.compile(rb"\x1f\x8b"), "gzip_file", "this is a gzip archive; unpack it and give the CSV file inside"),
    (re.compile(rb"PK[\x03\x05\x07]"), "zip_file", f"this is a zip archive or an .xlsx workbook; {_SAVE}"),
    (re.compile(rb"\xd0\xcf\x11\xe0"), "xls_file", f"this is an old Excel workbook (.xls); {_SAVE}"),
    (re.compile(rb"%PDF-"), "pdf_file", f"this is a PDF; {_SAVE}"),
    (re.compile(rb"[\xef\xbb\xbf\xff\xfe\0\s]*<\0*[!?a-zA-Z]"), "markup_file", f"this is a web page or XML; {_SAVE}"),
)
_NOT_FOR_FILES = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"})


def find_encoding(file: BinaryIO, named: str | None) -> str:
    """The codec of ``file``: the named one, the one of its byte order mark, or UTF-8.

    Raises `UnreadableFile` for what is no CSV file at all, and `InvalidValue` for a name that no codec has.
    """
    file.seek(0)
    head = file.read(4096)
    for pattern, reason, problem in _FOREIGN:
        if pattern.match(head):
            raise UnreadableFile(reason, problem)
    marked = next((codec for mark, codec in _BOMS if head.startswith(mark)), None)
    if named is not None:
        codec = _lookup(named)
        if codec in ("utf-16", "utf-32"):
            return marked if marked is not None and marked.startswith(codec) else f"{codec}-le"
        return "utf-8" if codec == "utf-8-sig" else codec
    if marked is None:
        first_line = head.partition(b"\n")[0]
        if first_line and first_line.count(0) * 4 >= len(first_line):
            raise UnreadableFile(
                "utf16_without_bom",
                "every other byte is zero: UTF-16 without a byte order mark; save the file as UTF-8, "
                "or name its encoding (utf-16-le or utf-16-be)",
                line=1,
            )
    return marked or "utf-8"


def _lookup(name: str) -> str:
    try:
        b"a".decode(name, "replace")  # refuses what is not a text encoding, which `codecs.lookup` does not
        codec = codecs.lookup(name).name
        codecs.getincrementaldecoder(codec)
    except (LookupError, UnicodeError, ValueError):
        codec = "undefined"
    if codec.replace("_", "-") in _NOT_FOR_FILES:
        raise InvalidValue("encoding", name, "the name of a text encoding, such as utf-8, cp1252 or utf-16")
    return codec


class Lines:
    """The lines of a file with their ends (CR, LF or CRLF), read from its start and never far ahead."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        file.seek(0)
        self._file = file
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._bytes = 0
        self._lines: list[str] = []
        self._taken = 0
        self._before = 0
        self._carry = ""
        self._ended = False

    def take(self, count: int) -> list[str]:
        """The next lines: at least one unless the file ends, at most ``count``, and never more than a block holds.

        Raises `UnreadableFile` for bytes that are not of the encoding and for a line without an end.
        """
        while self._taken == len(self._lines) and not self._ended:
            self._refill()
        taken = self._lines[self._taken : self._taken + count]
        self._taken += len(taken)
        return taken

    def skip(self, count: int) -> None:
        """Pass over ``count`` lines."""
        while count and (taken := self.take(count)):
            count -= len(taken)

    def _refill(self) -> None:
        """Split one more block; its last line waits for the next one, which may go on with it."""
        self._before += len(self._lines)
        block = self._file.read(BLOCK_BYTES)
        text = self._carry + self._decode(block)
        if self._before == 0:
            text = text.lstrip("\ufeff")
        lines = _split(text)
        if lines and len(lines[0]) > LINE_LIMIT:
            problem = f"the line has more than {LINE_LIMIT} characters; end every row with a line break"
            raise UnreadableFile("line_too_long", problem, line=self._before + 1)
        self._carry = lines.pop() if lines else ""
        if not block:
            self._ended = True
            if self._carry.strip("\x1a\r\n"):
                lines.append(self._carry.rstrip("\x1a"))
        self._lines, self._taken = lines, 0
        self._bytes += len(block)

    def _decode(self, block: bytes) -> str:
        state = self._decoder.getstate()
        try:
            return self._decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            start = error.start - (len(error.object) - len(block))
            self._decoder.setstate(state)
            readable = self._decoder.decode(block[: max(start, 0)])
            raise UnreadableFile(
                "undecodable",
                f"byte 0x{error.object[error.start]:02x} at offset {self._bytes + start} is not {self._encoding}; "
                "save the file as UTF-8, or name its encoding",
                line=self._before + len(_split(self._carry + readable + "?")),
            ) from None


def _split(text: str) -> list[str]:
    """Lines with their ends; `str.splitlines` would also split at U+2028, form feeds and the like."""
    return list(StringIO(text, newline=""))
