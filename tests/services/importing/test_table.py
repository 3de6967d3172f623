"""The table reader: columns found, every row exactly once with its line, and a reason for whatever is no table."""

import csv
import io
import random
import re
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from certcore.domain.cells import OPTIONAL, REQUIRED, USERNAME, Problem
from certcore.errors import CertcoreError, InvalidValue, UnreadableFile
from certcore.services.importing import encoding
from certcore.services.importing.table import FIELD_LIMIT, Reading, Table, TableFormat, open_table, sha256_of

HEADER = ",".join((*REQUIRED, *OPTIONAL))
ROW = "{},FORK-1,2024-01-31,true,manual,,"
PLAIN = TableFormat()


class Found:
    """What a file holds: every good row and every bad one, by line."""

    def __init__(self, data: bytes, fmt: TableFormat = PLAIN, size: int = 3, columns: Sequence[str] = REQUIRED) -> None:
        self.table = open_table(io.BytesIO(data), fmt, columns, OPTIONAL if columns is REQUIRED else ())
        self.rows: dict[int, list[str]] = {}
        self.bad: dict[int, Problem] = {}
        self.raw: dict[int, list[str] | str] = {}
        for batch in self.table.batches(size):
            assert 0 < len(batch.rows) + len(batch.bad) <= size
            assert batch.lines == sorted(batch.lines)
            self.rows.update(zip(batch.lines, batch.rows, strict=True))
            self.bad.update((bad.line, bad.problem) for bad in batch.bad)
            self.raw.update((bad.line, bad.raw) for bad in batch.bad)

    @property
    def lines(self) -> list[int]:
        return list(self.rows)

    @property
    def usernames(self) -> list[str]:
        at = self.table.index[USERNAME]
        assert at is not None
        return [row[at] for row in self.rows.values()]

    @property
    def codes(self) -> dict[int, str]:
        return {line: problem.code for line, problem in self.bad.items()}


def table(*rows: str, header: str = HEADER, end: str = "\r\n") -> bytes:
    return "".join(line + end for line in (header, *rows)).encode()


def people(*names: str) -> list[str]:
    return [ROW.format(name) for name in names]


def refusal(data: bytes, fmt: TableFormat = PLAIN) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        Found(data, fmt)
    assert caught.value.message
    return caught.value


# --- the cases of the shared collection -------------------------------------------------------------------------------

THREE = ["ada", "grace", "alan"]
SHAPES: dict[str, list[str] | tuple[str, int | None] | dict[int, str]] = {
    # usernames that come out, or reason and line of a refused file, or the codes of bad rows
    "lf": THREE,
    "crlf": THREE,
    "cr_only": THREE,
    "no_final_newline": THREE,
    "sep_tab": THREE,
    "ctrl_z": THREE,
    "double_bom": THREE,
    "sep_colon": ("missing_column", 1),
    "empty": ("empty_file", 1),
    "no_header": ("missing_column", 1),
    "header_nfd": ("missing_column", 1),
    "duplicate_headers": ("duplicate_header", 1),
    "blank_header_name": ("blank_header", 1),
    "ragged_short": {3: "ragged_row"},
    "ragged_long": {3: "ragged_row"},
    "text_after_quote": {3: "malformed_row"},
    "quote_in_middle": ["ada", 'gr"a"ce', "alan"],
    "embedded_newline_in_field": ["ada", "gr\r\nace", "alan"],
    "nul_byte_in_field": ["ada", "gr\0ace", "alan"],
    "unicode_line_separators": ["ada", "gr\u2028a\u0085c\x0be", "alan"],
    "duplicate_rows_same_key": ["ada", "grace", "ada"],
    "duplicate_username_nfc_nfd": ["zo\u00eb", "zoe\u0308"],
    "expire_before_issue": ["ada", "bob"],
    "leading_zero_codes": ["007"],
    "formula_input": ["=cmd|' /C calc'!A0"],
}
ENCODINGS: dict[str, tuple[str, list[str], bool]] = {
    # the encoding to name, the usernames that come out, and whether they do so without naming it
    "utf-8": ("utf-8", ["zo\u00eb", "\u00d1and\u00fa", "\u0141ukasz", "\u674e\u96f7", "\U0001f600smile"], True),
    "utf-8-sig": ("utf-8-sig", ["zo\u00eb", "\u00d1and\u00fa", "\u0141ukasz", "\u674e\u96f7", "\U0001f600smile"], True),
    "utf-16-be": ("utf-16-be", ["zo\u00eb", "\u674e\u96f7", "\U0001f600"], True),
    "utf-16-be-nobom": ("utf-16-be", ["zo\u00eb", "bob"], False),
    "utf-32": ("utf-32", ["zo\u00eb", "\u674e\u96f7"], True),
    "iso8859-15": ("iso8859-15", ["zo\u00eb", "\u20acuro", "\u0152uvre"], False),
    "shift_jis": ("shift_jis", ["山田太郎", "ソース", "表示", "ﾊﾝｶｸ"], False),
    "euc_kr": ("euc_kr", ["김철수"], False),
    "mac_roman": ("mac_roman", ["zo\u00eb", "\u0178"], False),
    "iso8859_9": ("iso8859_9", ["\u0130pek", "\u0131\u015f\u0131k", "\u011f\u00fcl"], False),
    "cp1256": ("cp1256", ["محمد"], False),
    "tis_620": ("tis_620", ["สมชาย"], False),
}


@pytest.mark.parametrize("name", SHAPES)
def test_f05_every_shape_of_the_cases_is_read_or_refused_as_it_must(cases: Path, name: str) -> None:
    """Each file of ``csv/shape`` gives its rows, its bad rows by line beside the good ones, or one reason."""
    data, expected = (cases / "csv" / "shape" / f"{name}.csv").read_bytes(), SHAPES[name]
    if isinstance(expected, tuple):
        error = refusal(data)
        assert (error.reason, error.line) == expected
        return
    found = Found(data)
    assert not found.table.warnings
    if isinstance(expected, list):
        assert (found.usernames, found.bad) == (expected, {})
    else:
        assert found.codes == expected
        assert found.usernames == [name for name in THREE if name != "grace"][: len(found.rows)]


def test_all_shapes_and_encodings_of_the_cases_are_under_test(cases: Path) -> None:
    """A new file in the collection fails this test until it is judged."""
    here = {f"shape/{name}.csv" for name in SHAPES} | {f"encodings/{name}.csv" for name in ENCODINGS}
    there = {path.relative_to(cases / "csv").as_posix() for path in (cases / "csv").glob("*/*.csv")}
    assert there == here | {"encodings/overlong_slash.csv"}


@pytest.mark.parametrize("name", ENCODINGS)
def test_f04_files_are_read_in_the_named_encoding_or_refused(cases: Path, name: str) -> None:
    """Named, the usernames are exact; unnamed, they are so too or the whole file is refused, never mojibake."""
    data = (cases / "csv" / "encodings" / f"{name}.csv").read_bytes()
    named, usernames, found_out = ENCODINGS[name]
    assert Found(data, TableFormat(encoding=named)).usernames == usernames
    if found_out:
        assert Found(data).usernames == usernames
    else:
        assert refusal(data).reason in ("undecodable", "utf16_without_bom")


def test_f04_overlong_utf8_is_refused_with_line_and_offset(cases: Path) -> None:
    """An overlong form is no UTF-8; the error names where it stands."""
    data = (cases / "csv" / "encodings" / "overlong_slash.csv").read_bytes()
    error, offset = refusal(data), data.index(b"\xc0")
    assert (error.reason, error.line) == ("undecodable", data[:offset].count(b"\n") + 1)
    assert f"byte 0xc0 at offset {offset} " in error.problem


# --- encodings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("marks", [0, 1, 2])
def test_f06_byte_order_marks_never_stick_to_the_header(codec: str, marks: int) -> None:
    """One mark or two are taken off; where there is one, naming the encoding or not is the same."""
    data = ("\ufeff" * marks + table(*people("zo\u00eb")).decode()).encode(codec)
    assert Found(data, TableFormat(encoding=codec)).usernames == ["zo\u00eb"]
    if marks:
        assert Found(data).usernames == ["zo\u00eb"]


def test_a_named_encoding_is_never_overridden() -> None:
    """A byte order mark does not win over the name: read as Latin-1 it belongs to the header."""
    assert refusal(b"\xef\xbb\xbf" + table(), TableFormat(encoding="latin-1")).reason == "missing_column"
    assert Found(table(*people("\u00e9")), TableFormat(encoding="cp1252")).usernames == ["\u00c3\u00a9"]


@pytest.mark.parametrize("name", ["", "klingon", "base64", "rot13", "idna", "punycode", "undefined", "utf-7", "a\0b"])
def test_names_that_no_text_encoding_has_are_refused(name: str) -> None:
    """An unknown codec, or one that is not for files, is a typed error."""
    with pytest.raises(InvalidValue, match="encoding"):
        Found(table(), TableFormat(encoding=name))


@pytest.mark.parametrize("block", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("where", [0, 1, 500])
@pytest.mark.parametrize(("bad", "codec"), [(b"\xe9", None), (b"\x80", "shift_jis"), (b"\x81", "cp1252")])
def test_f04_undecodable_bytes_name_their_line_and_offset_wherever_a_block_ends(
    monkeypatch: pytest.MonkeyPatch, block: int, where: int, bad: bytes, codec: str | None
) -> None:
    """The first bad byte is found exactly, in the first row, a later one or the last, also across blocks."""
    monkeypatch.setattr(encoding, "BLOCK_BYTES", block)
    rows = [row.encode() for row in people(*(f"u{n}" for n in range(501)))]
    rows[where] = bad + b"\x20" + rows[where]
    data = b"\r\n".join([HEADER.encode(), *rows])
    error = refusal(data, TableFormat(encoding=codec))
    assert (error.reason, error.line) == ("undecodable", where + 2)
    assert f"0x{bad.hex()} at offset {data.index(bad)} " in error.problem


def test_f04_a_character_cut_off_at_the_end_is_refused() -> None:
    """A file that ends within a character is damaged, and says so on its last line."""
    error = refusal(table(*people("ada", "zo\u00eb"))[: -len(",FORK-1,2024-01-31,true,manual,,\r\n") - 1])
    assert (error.reason, error.line) == ("undecodable", 3)


# --- what is no CSV file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x1f\x8b\x08\0" + bytes(20), "gzip_file"),
        (b"PK\x03\x04\x14\0" + bytes(20), "zip_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), "xls_file"),
        (b"%PDF-1.7\n", "pdf_file"),
        (b"\r\n  <!DOCTYPE html>\n<html>username</html>", "markup_file"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", "markup_file"),
        ("<html>".encode("utf-16"), "markup_file"),
        (HEADER.encode("utf-16-le"), "utf16_without_bom"),
        (HEADER.encode("utf-16-be"), "utf16_without_bom"),
        (bytes(5_000), "utf16_without_bom"),
        (b"", "empty_file"),
        (b"\xef\xbb\xbf", "empty_file"),
        (b"\x1a", "empty_file"),
        (b"\r\n \n\r", "empty_file"),
        (b"sep=;\r\n", "empty_file"),
        (b"hello", "missing_column"),
        (random.Random(8).randbytes(100), "undecodable"),
    ],
)
def test_f04_what_is_no_csv_file_is_told_apart(data: bytes, reason: str) -> None:
    """Archives, workbooks, pages, UTF-16 without a mark and empty files each have their own reason."""
    assert refusal(data).reason == reason


def test_f06_a_header_whose_quotes_are_wrong_is_refused() -> None:
    """A header that cannot be split has its own reason and line."""
    for header in ('"username"x,' + HEADER, '"' + HEADER):
        assert refusal(table(header=header)).reason == "malformed_header"


# --- separators and columns -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_the_one_under_which_the_header_holds_the_columns(separator: str) -> None:
    """Each of the four is found; commas in other headers do not mislead."""
    header = separator.join([*HEADER.split(","), '"a,b;c"'])
    row = separator.join([*ROW.format("ada").split(","), ""])
    found = Found(table(row, header=header))
    assert (found.table.separator, found.usernames) == (separator, ["ada"])


def test_any_single_character_can_be_named_as_separator() -> None:
    """A named separator is used, and only that one."""
    colons = table(*people("ada")).replace(b",", b":")
    assert Found(colons, TableFormat(separator=":")).usernames == ["ada"]
    assert refusal(table(), TableFormat(separator=";")).reason == "missing_column"


@pytest.mark.parametrize("separator", ["", ",,", '"', "\n", "\r", "\0"])
def test_other_separators_are_refused(separator: str) -> None:
    """No character, several, quotes and line ends cannot separate cells."""
    with pytest.raises(InvalidValue, match="separator"):
        Found(table(), TableFormat(separator=separator))


def test_an_excel_separator_line_is_honoured() -> None:
    """``sep=`` names the separator, is counted as a line, and gives way to a named one."""
    colons = b"SEP=:\r\n" + table(*people("ada")).replace(b",", b":")
    assert Found(colons).lines == [3]
    assert Found(b"sep=:\n" + table(*people("ada")), TableFormat(separator=",")).usernames == ["ada"]


def test_columns_stand_in_any_order_and_blank_lines_before_them_count() -> None:
    """The index says where each column is; one that is not there has none; header cells are trimmed."""
    header = "type, username ,always_valid,certification_issue_date,certification_code"
    found = Found(b"\n\r\n" + table("manual,ada,1,2024-01-31,C", header=header))
    assert dict(found.table.index) == {
        "type": 0,
        "username": 1,
        "always_valid": 2,
        "certification_issue_date": 3,
        "certification_code": 4,
        "certification_expire_date": None,
        "code": None,
    }
    assert found.rows == {4: ["manual", "ada", "1", "2024-01-31", "C"]}


def test_unknown_columns_are_ignored_with_a_warning_and_rejects_can_be_fed_back() -> None:
    """Every unknown column is named once; those of a file of rejects are passed over in silence (R-43)."""
    header = HEADER + ",notes,certcore_line,certcore_error,certcore_line"
    found = Found(table(ROW.format("ada") + ",n,7,why,9", header=header))
    assert [(warning.code, warning.value) for warning in found.table.warnings] == [("ignored_column", "notes")]
    assert found.table.header == header.split(",")


@pytest.mark.parametrize(
    ("header", "reason", "column"),
    [
        (HEADER.replace("username", "Username"), "missing_column", "username"),
        (HEADER.replace("type,", ""), "missing_column", "type"),
        (HEADER + ",notes, notes", "duplicate_header", "notes"),
        (HEADER + ",username", "duplicate_header", "username"),
        (HEADER + ", ", "blank_header", "8"),
    ],
)
def test_f06_wrong_headers_are_refused_before_any_row(header: str, reason: str, column: str) -> None:
    """A missing, doubled or nameless column refuses the file and is named."""
    error = refusal(b"\n" + table(*people("ada"), header=header))
    assert (error.reason, error.column, error.line) == (reason, column, 2)


def test_columns_can_be_mapped_by_header_text_and_by_position() -> None:
    """Our column is found under the text or the position it is mapped to; the others under their own name."""
    data = table(*people("ada"), header=HEADER.replace("username", "Login").replace("code,", "code,", 1))
    assert Found(data, TableFormat(columns={"username": "Login"})).usernames == ["ada"]
    assert Found(data, TableFormat(columns={"username": 1, "code": 7})).usernames == ["ada"]
    assert refusal(data, TableFormat(columns={"username": "Login", "code": 8})).column == "code"


def test_without_a_header_all_columns_are_mapped_by_position() -> None:
    """The first row is data then, and says how many cells a row has; the separator is the one that gives enough."""
    by_position = TableFormat(columns={name: at for at, name in enumerate(REQUIRED, 1)}, header=False)
    data = b"\n" + "\n".join(people("ada", "grace")).replace(",", ";").encode() + b"\nshort;row\n"
    found = Found(data, by_position)
    assert (found.table.header, found.lines, found.codes) == ([], [2, 3], {4: "ragged_row"})
    assert Found(b"sep=;" + data, by_position).usernames == ["ada", "grace"]
    assert refusal(b"ada,C-1\n", by_position).reason == "missing_column"


@pytest.mark.parametrize(
    "fmt",
    [
        TableFormat(columns={"nonsense": 1}),
        TableFormat(columns={"username": 0}),
        TableFormat(columns={"username": True}),
        TableFormat(columns={"username": " "}),
        TableFormat(columns={"username": 1, "code": 1}),
        TableFormat(header=False),
        TableFormat(columns={name: at for at, name in enumerate(REQUIRED[1:], 1)}, header=False),
        TableFormat(columns={**{name: at for at, name in enumerate(REQUIRED, 1)}, "code": "Code"}, header=False),
    ],
)
def test_formats_that_contradict_themselves_are_refused(fmt: TableFormat) -> None:
    """Unknown columns, impossible positions, one place for two columns, no header without positions."""
    with pytest.raises(InvalidValue):
        Found(table(), fmt)


# --- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_f05_bad_rows_stand_beside_the_good_ones_and_shift_nothing(size: int) -> None:
    """Short, long and malformed rows keep their line and their cells; rows around them are untouched."""
    data = table(
        *people("a"),
        "short",
        '"b"x,1',
        "",
        *people('"quoted, and\r\nbroken"'),
        ",,,,,,",
        "1,2,3,4,5,6,7,8",
        *people("c"),
    )
    found = Found(data, size=size)
    assert {line: row[0] for line, row in found.rows.items()} == {2: "a", 6: "quoted, and\r\nbroken", 10: "c"}
    assert found.codes == {3: "ragged_row", 4: "malformed_row", 9: "ragged_row"}
    assert found.raw == {3: ["short"], 4: '"b"x,1', 9: list("12345678")}
    assert found.bad[9].message.startswith("the row has 8 cells and the columns are 7;")


@pytest.mark.parametrize("blank", ["", ",,,,,,", '"","","","","","",""', '"",,,,,,', "   "])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_rows_without_any_value_are_skipped_and_counted_as_lines(blank: str, end: str) -> None:
    """Blank rows are no rows, and the lines after them keep their numbers."""
    assert Found(table(blank, *people("a"), blank, blank, *people("b"), blank, end=end)).lines == [3, 6]


def test_cells_of_spaces_are_values() -> None:
    """A row with a space in some cell is a row: its cells are judged."""
    assert Found(table(" ,,,,,,")).rows == {2: [" ", "", "", "", "", "", ""]}


@pytest.mark.parametrize("tail", ["\x1a", "\x1a\r\n", "\x1a\x1a"])
def test_a_final_dos_end_of_file_is_ignored(tail: str) -> None:
    """Ctrl-Z ends a file of DOS, on a line of its own or behind the last row; elsewhere it is a character."""
    rows = people("a")
    assert Found(table(*rows) + tail.encode()).usernames == ["a"]
    assert Found(table(*rows).rstrip() + b"\x1a").rows[2][-1] == ""
    assert Found(table("\x1a", *rows)).codes == {2: "ragged_row"}


def test_f04_a_tail_of_nuls_is_a_bad_row() -> None:
    """NUL padding at the end is one bad row; the rows before it are read."""
    found = Found(table(*people("a")) + bytes(300))
    assert (found.usernames, found.codes) == (["a"], {3: "ragged_row"})


def test_f05_a_quote_left_open_refuses_the_file_and_names_its_row() -> None:
    """An open quote would swallow what follows, so the whole file is refused, wherever the quote ends up closed."""
    rows = people("a", '"b', "c", "d")
    for closing in ([], ['"'], ['"x,y'], ['x,"'], people('e"')):
        error = refusal(table(*rows, *closing))
        assert (error.reason, error.line) == ("open_quote", 3), closing
    assert refusal(table(*people('"b', 'e"'))).reason == "open_quote"


def test_cells_of_several_lines_may_hold_separators() -> None:
    """A note of several lines with commas in it is one cell of one row, in a wide table and in a narrow one."""
    note = '"Dear all,\r\nred, green,\r\nblue"'
    wide = Found(table(f"{ROW.format('ada')},{note}", header=HEADER + ",note"))
    assert (wide.lines, wide.rows[2][-1]) == ([2], "Dear all,\r\nred, green,\r\nblue")
    narrow = Found(table(f"ada,{note}", "bob,", header="username,note"), columns=("username",))
    assert narrow.lines == [2, 5]


def test_f05_a_bad_row_of_several_lines_that_swallowed_nothing_is_one_bad_row() -> None:
    """Text after the closing quote of a broken cell spoils its own row only."""
    found = Found(table('"a\r\nb"c,d', '"a\r\nb",c', *people("e")))
    assert (found.codes, found.lines) == ({2: "malformed_row", 4: "ragged_row"}, [6])


def test_f08_a_cell_over_128_kib_refuses_the_file() -> None:
    """The limit holds on one line and over several, and a cell of just the limit passes."""
    fits, too_long = "n" * FIELD_LIMIT, "n" * (FIELD_LIMIT + 1)
    assert Found(table(*people("a", fits))).usernames == ["a", fits]
    lines = ("n" * 70_000 + "\n") * 2
    for name, reason in (
        (too_long, "field_too_long"),
        (f'"{too_long}"', "field_too_long"),
        (f'"{lines}"', "open_quote"),
    ):
        error = refusal(table(*people("a", name)))
        assert (error.reason, error.line) == (reason, 3)


def test_f08_the_limit_holds_when_the_host_raised_that_of_the_csv_module() -> None:
    """The csv module's limit belongs to the host; ours does not depend on it."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        assert refusal(table(*people("n" * (FIELD_LIMIT + 1)))).reason == "field_too_long"
        assert refusal(table(*people('"' + "n\n" * 700_000))).reason == "open_quote"
    finally:
        csv.field_size_limit(before)


class Flood(io.RawIOBase):
    """A seekable file without an end, made while it is read: ``head``, then ``unit`` for ever."""

    def __init__(self, head: bytes, unit: bytes) -> None:
        self._head, self._unit = head, unit * (4096 // len(unit) + 1)
        self._at = 0
        self.served = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        assert (offset, whence) == (0, 0)
        self._at = 0
        return 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0
        start, rest = self._at, max(self._at - len(self._head), 0) % len(self._unit)
        block = self._head[start : start + size]
        block += (self._unit * (size // len(self._unit) + 2))[rest : rest + size - len(block)]
        self._at += size
        self.served += size
        return block


def opened(flood: Flood) -> Table:
    return open_table(cast(BinaryIO, flood), PLAIN, REQUIRED, OPTIONAL)


@contextmanager
def at_most(mebibytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < mebibytes * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("start", "unit", "reason"),
    [
        (b"", b"x", "line_too_long"),
        (b"", b",", "line_too_long"),
        (b"", b"\0", "line_too_long"),
        (b'"', b"x", "line_too_long"),
        (b'"', b"x\n", "open_quote"),
        (b'"', b"\n", "open_quote"),
        (b'"', b'""\r', "open_quote"),
    ],
)
def test_f08_a_gigabyte_without_an_end_is_refused_early(start: bytes, unit: bytes, reason: str) -> None:
    """A line, a cell or an open quote that never ends is refused after a few blocks, in little memory."""
    flood = Flood(table(*people("a")) + start, unit)
    with at_most(64), pytest.raises(UnreadableFile) as caught:
        list(opened(flood).batches())
    assert (caught.value.reason, caught.value.line) == (reason, 3)
    assert flood.served < 8 * 1024 * 1024


def test_f08_an_endless_header_is_refused_early() -> None:
    """A file of one line is refused before anything is looked for in it."""
    flood = Flood(b"", b"username")
    with at_most(64), pytest.raises(UnreadableFile, match="more than 1048576 characters"):
        opened(flood)


def test_f08_an_endless_stream_is_read_in_constant_memory() -> None:
    """Rows come out as they are read: nothing is held but a batch and a block."""
    rows = opened(Flood(table(), table(*people("ada"), header="ada,,,,,,"))).batches(1_000)
    with at_most(16):
        assert sum(len(batch.rows) for batch in islice(rows, 100)) > 50_000


def test_f08_many_blank_lines_are_passed_over() -> None:
    """Five million blank lines before, between and after rows cost neither memory nor patience."""
    blank = b"\n" * 2_000_000
    found = Found(blank + table(*people("a"), end="\n") + blank + people("b")[0].encode() + blank, size=1_000)
    assert found.lines == [2_000_002, 4_000_003]


# --- reading again, and what must always hold -------------------------------------------------------------------------


def test_a_table_can_be_read_and_opened_again() -> None:
    """Two readings of one file, and two tables on it, give the same; the digest is of the bytes."""
    data = table(*people("a", "b"))
    file = io.BytesIO(data)
    file.seek(5)
    assert sha256_of(file) == sha256_of(io.BytesIO(data)) != sha256_of(io.BytesIO(data[1:]))
    first = open_table(file, PLAIN, REQUIRED, OPTIONAL)
    assert list(first.batches()) == list(open_table(file, PLAIN, REQUIRED, OPTIONAL).batches()) == list(first.batches())


def test_an_empty_batch_size_is_refused() -> None:
    """Batches hold at least one row."""
    with pytest.raises(InvalidValue, match="size"):
        Found(table(), size=0)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["\r", "\n", '"', ",", "\0", "\x1a"]
)
THREE_COLUMNS = ("username", "name", "note")
ROWS = st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=12)


@given(ROWS, st.sampled_from(["\n", "\r", "\r\n"]), st.integers(1, 5), st.sampled_from([1, 2, 5, 1024]), st.booleans())
def test_f05_what_a_csv_writer_wrote_comes_back_with_its_lines(
    rows: list[list[str]], end: str, size: int, block: int, every: bool
) -> None:
    """Any text in any cell is read back equal, on the line an editor shows, whatever the batches and blocks."""
    out = io.StringIO(newline="")
    every = every or end != "\r\n"  # else the writer leaves a lone CR or LF bare
    writer = csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL)
    writer.writerow(THREE_COLUMNS)
    expected = {}
    for row in rows:
        line = len(re.findall(r"\r\n|\r|\n", out.getvalue())) + 1
        if any(row):
            expected[line] = row
        writer.writerow(row)
    data = out.getvalue().encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "BLOCK_BYTES", block)
        found = Found(data, size=size, columns=THREE_COLUMNS)
    assert (found.rows, found.bad) == (expected, {})


@given(ROWS, st.integers(1, 4), st.integers(1, 4))
def test_reading_goes_on_behind_any_batch(rows: list[list[str]], size: int, other: int) -> None:
    """After the last line of a batch, in batches of any size, come exactly the rows that are left."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([THREE_COLUMNS, *rows])
    again = open_table(io.BytesIO(out.getvalue().encode()), PLAIN, THREE_COLUMNS, ())
    done = [row for batch in again.batches(size) for row in batch.rows]
    taken: list[list[str]] = []
    for batch in again.batches(size):
        taken += batch.rows
        rest = [row for later in again.batches(other, after=batch.last_line) for row in later.rows]
        assert taken + rest == done


@given(ROWS, st.integers(1, 4), st.lists(st.booleans(), max_size=9))
def test_an_import_reads_on_or_reads_again(rows: list[list[str]], size: int, repeated: list[bool]) -> None:
    """A transaction that is repeated, broken off or not, gets its rows once more, and the next one those behind."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([THREE_COLUMNS, *rows])
    again = open_table(io.BytesIO(out.getvalue().encode()), PLAIN, THREE_COLUMNS, ())
    reading, line, taken = Reading(again), 0, list[list[str]]()
    while True:
        if repeated and repeated.pop():
            next(reading.after(line, size), None)
        batches = list(reading.after(line, size))
        if not batches:
            break
        assert sum(map(len, batches)) <= size
        taken += [row for batch in batches for row in batch.rows]
        line = batches[-1].last_line
    assert taken == [row for batch in again.batches() for row in batch.rows]


MARKS = (HEADER, ROW, "a", ",", ";", '"', '""', "\r", "\n", "\r\n", "\0", "\x1a", "\ufeff", " ", "sep=;\n", "x" * 300)
PIECES = st.sampled_from([*(text.encode() for text in MARKS), b"\xff", b"\xfe", b"\xe9"])
CODECS = [None, "utf-8", "utf-16", "utf-16-be", "utf-32", "latin-1", "shift_jis", "iso2022_jp", "hz", "gb18030"]


@given(
    st.binary() | st.lists(PIECES, max_size=30).map(b"".join),
    st.booleans(),
    st.sampled_from(CODECS),
    st.sampled_from([None, ",", ";", "a"]),
    st.sampled_from([1, 3, 1024]),
)
@example(table() + b'"' + b"a,b,c,d,e,f,g\n" * 3, False, None, None, 1)
def test_f04_no_bytes_raise_anything_but_a_typed_error(
    noise: bytes, headed: bool, codec: str | None, separator: str | None, block: int
) -> None:
    """Whatever the bytes, the answer is rows, bad rows or a typed error with a message; lines only go up."""
    data = table(*people("a")) + noise if headed else noise
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "BLOCK_BYTES", block)
        with suppress(CertcoreError):
            found = Found(data, TableFormat(separator=separator, encoding=codec), size=4)
            assert all(len(row) == found.table.width for row in found.rows.values())
            assert found.rows.keys().isdisjoint(found.bad)
