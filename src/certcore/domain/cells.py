"""The cells of an import file: what each may hold, and what to say about one that may not (CSV.md, R-42).

Every function returns a value or a `Problem`; nothing is converted on a guess. A problem is a stable code with
parameters; its English sentence comes from `SENTENCES`, so that a host can print its own.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from attrs import field, frozen

from certcore.domain.awards import BasisKind
from certcore.domain.checks import UNSTORABLE, nfc
from certcore.errors import InvalidValue

USERNAME: Final = "username"
CERTIFICATION: Final = "certification_code"
ISSUED: Final = "certification_issue_date"
ALWAYS_VALID: Final = "always_valid"
EXPIRES: Final = "certification_expire_date"
KIND: Final = "type"
CODE: Final = "code"
REQUIRED: Final = (USERNAME, CERTIFICATION, ISSUED, ALWAYS_VALID, KIND)
OPTIONAL: Final = (EXPIRES, CODE)

USERNAME_LENGTH: Final = 255
CODE_LENGTH: Final = 255
YEARS: Final = range(1900, 10_000)

KINDS: Final[Mapping[str, BasisKind]] = MappingProxyType(
    {
        "manual": BasisKind.MANUAL,
        "course": BasisKind.COURSE,
        "learning_plan": BasisKind.LEARNING_PLAN,
        "Course": BasisKind.COURSE,
        "learning plan": BasisKind.LEARNING_PLAN,
        "lp": BasisKind.LEARNING_PLAN,
        "plan": BasisKind.LEARNING_PLAN,
    }
)
_FLAGS: Final = {"1": True, "0": False, "true": True, "false": False}
_YES_NO: Final = {"yes": True, "no": False, "y": True, "n": False}

_FIRST_YEAR = str(YEARS.start)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_AND_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ][0-9:.,]+(?:Z|[+-][0-9:]+)?")
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?:[T ][0-9:]+(?: ?[AaPp][Mm])?)?")
_MONTH_NAMED = re.compile(r"([0-9]{1,2})[-/ ]([A-Za-z]{3})[-/ ]([0-9]{4}|[0-9]{2})")
_SERIAL = re.compile(r"([0-9]{5,7})(?:[.,][0-9]+)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SERIAL_ZERO = date(1899, 12, 30)
_LAST_SERIAL = (date.max - _SERIAL_ZERO).days

_WRITE_ISO = " Write it as YYYY-MM-DD, such as 2024-01-31."
SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "blank_cell": "{column} is empty; fill it in.",
        "control_character": "{column} holds {character} at position {position}, which cannot be printed; remove it.",
        "too_long": "{column} has {length} characters and may have {limit}; shorten it.",
        "not_a_date": "{value} is not a date as this file needs it.",
        "date_with_time": "{value} has a time of day, and {column} is a date only.",
        "spreadsheet_date": "{value} is a date as a spreadsheet reformats it: format the column as text there.",
        "spreadsheet_serial": "{value} is a spreadsheet's number for a date: format the column as text there.",
        "impossible_date": "{value} is not in the calendar; correct the day or the month.",
        "year_out_of_range": "{value} lies outside the years {first} to {last}; correct the year.",
        "unknown_flag": "{value} is neither true nor false; write {expected}.",
        "unknown_type": "{value} is not a type; write one of {expected}.",
        "expiry_missing": "always_valid is false and {column} is empty; fill in the date, or set always_valid to true.",
        "expiry_not_allowed": "always_valid is true and {column} is {value}; empty it, or set always_valid to false.",
        "code_missing": "type is {kind} and {column} is empty; fill in the code of that {kind}.",
        "code_not_allowed": "type is manual and {column} is {value}; empty it, or set type to course or learning_plan.",
        "expires_before_issue": "{value} is not after the issue date {issued}; correct one of the two.",
        "skipped_day": "{value} never happened in {zone}: its clocks skipped the whole day; give another date.",
        "date_out_of_range": "{value} leads outside the years 1 to 9999; give another date or a shorter validity.",
        "no_validity": "the validity of {certification} gives no date for this row: {why}",
        "unknown_user": "there is no user {value}; correct the username, or create the user first.",
        "deactivated_user": "user {value} is deactivated and gets no awards; activate the user, or remove the row.",
        "unknown_certification": "no certification has the code {value}; correct it, or give one that code.",
        "retired_certification": "certification {value} is retired and takes no new awards; remove the row.",
        "unknown_item": "there is no {kind} with the code {value}; correct the code or the type.",
        "item_not_assigned": "{kind} {value} does not carry {certification}; assign it, or correct the code.",
        "duplicate_row": "the same learner and certification stand in line {lines}; keep one row of them.",
        "would_shorten": "the award runs until {stored} and this row ends it on {given}; allow it, or remove the row.",
        "revoked": "it was revoked on {on}, and only what is dated later issues it anew; remove the row.",
        "ragged_row": "the row has {cells} cells and the columns are {columns}; quote cells that hold the separator.",
        "malformed_row": "text follows a closing quote; double the quotes inside a cell and quote the whole cell.",
        "trimmed": "{value} was read without the spaces around it.",
        "ignored_column": "column {value} is not known and was ignored.",
    }
)


@frozen
class Problem:
    """What is wrong with ``value`` in ``column`` (both None when it is the whole row): a stable code and parameters."""

    column: str | None
    value: str | None
    code: str
    params: Mapping[str, object] = field(factory=dict)

    @property
    def message(self) -> str:
        """One English sentence, or two: what is wrong and how to mend it (R-42)."""
        params = {name: _listed(param) for name, param in self.params.items()}
        text = SENTENCES[self.code].format(**params, column=self.column, value=_shown(self.value))
        if self.code not in _DATE_SPELLINGS:
            return text
        return f"{text} Write {params['iso']}, if that is the day meant." if "iso" in params else text + _WRITE_ISO


_DATE_SPELLINGS: Final = frozenset({"not_a_date", "date_with_time", "spreadsheet_date", "spreadsheet_serial"})


def _shown(text: str | None, limit: int = 60) -> str:
    return repr(text if text is None or len(text) <= limit else text[:limit] + "…")


def _listed(param: object, limit: int = 10) -> object:
    if not isinstance(param, list | tuple):
        return param
    return ", ".join(map(str, param[:limit])) + (f" and {len(param) - limit} more" if len(param) > limit else "")


@frozen
class CellOptions:
    """How cells are read, beyond what CSV.md takes anyway.

    ``yes_no`` also takes yes/no and y/n, ``derive_expiry`` takes a blank expire date for the certification's own
    validity, and ``kinds`` says which spellings of ``type`` mean what.
    """

    yes_no: bool = False
    derive_expiry: bool = False
    kinds: Mapping[str, BasisKind] = field(default=KINDS)

    @kinds.validator
    def _without_links(self, _attribute: object, kinds: Mapping[str, BasisKind]) -> None:
        if BasisKind.EXTERNAL_CERTIFICATION in kinds.values():
            raise InvalidValue("kinds", BasisKind.EXTERNAL_CERTIFICATION, "kinds whose awards need no links")


@frozen(cache_hash=True)
class Terms:
    """What one row says apart from who and which certification.

    ``expires_given`` and ``code_given`` are False when the file has no such column: then it stays as it is.
    ``derive_expiry`` asks for the certification's own validity.
    """

    issued_on: date
    always_valid: bool
    expires_on: date | None
    kind: BasisKind
    code: str | None
    derive_expiry: bool = False
    expires_given: bool = True
    code_given: bool = True


def username_key(text: str) -> str:
    """``text`` without spaces around it, in NFC: two usernames are one learner when this is equal (R-40, f42)."""
    return nfc(text.strip())


def read_username(text: str, column: str = USERNAME) -> str | Problem:
    """The username as `username_key` has it; the caller warns (``trimmed``) when spaces were around it."""
    return _printable(text, column, USERNAME_LENGTH, username_key(text))


def read_code(text: str, column: str = CODE) -> str | Problem:
    """A code in NFC, else as it stands: leading zeros and spaces belong to it."""
    return _printable(text, column, CODE_LENGTH, nfc(text))


def all_plain(texts: Collection[str], limit: int = USERNAME_LENGTH) -> bool:
    """Whether every text is sure to be good and its own key, found out for a whole column at once.

    False does not mean that one is bad: then ask `read_username` or `read_code` for each.
    """
    joined = "".join(texts)
    plain = joined.isascii() and joined.isprintable() and " " not in joined
    return plain and all(texts) and max(map(len, texts), default=0) <= limit


def _printable(text: str, column: str, limit: int, kept: str) -> str | Problem:
    if found := UNSTORABLE.search(text):
        params = {"character": f"U+{ord(found[0]):04X}", "position": found.start() + 1}
        return Problem(column, text, "control_character", params)
    if not kept or kept.isspace():
        return Problem(column, text, "blank_cell")
    if len(kept) > limit:
        return Problem(column, text, "too_long", {"length": len(kept), "limit": limit})
    return kept


def read_date(text: str, column: str) -> date | Problem:
    """The civil date written exactly ``YYYY-MM-DD`` in ASCII digits, in the years 1900 to 9999 (CSV.md, R-46)."""
    if _ISO.fullmatch(text):
        if text < _FIRST_YEAR:  # there is no later one than the last of four digits
            return Problem(column, text, "year_out_of_range", {"first": YEARS.start, "last": YEARS.stop - 1})
        try:
            return date.fromisoformat(text)
        except ValueError:
            return Problem(column, text, "impossible_date")
    if not text or text.isspace():
        return Problem(column, text, "blank_cell")
    code, readings = _other_spelling(text)
    named = {day for day in readings if day is not None and day.year in YEARS}
    return Problem(column, text, code, {"iso": named.pop().isoformat()} if len(named) == 1 else {})


def _other_spelling(text: str) -> tuple[str, list[date | None]]:
    """The code for a date that is not written as it should be, and the days it may have been."""
    if found := _YEAR_FIRST.fullmatch(text.strip()):
        code = "not_a_date" if found[2] == "-" else "spreadsheet_date"
        return code, [_real(int(found[1]), int(found[3]), int(found[4]))]
    if found := _ISO_AND_TIME.fullmatch(text):
        return "date_with_time", [_real(*map(int, found[1].split("-")))]
    if found := _YEAR_LAST.fullmatch(text):
        one, two, year = int(found[1]), int(found[3]), int(found[4])
        return "spreadsheet_date", [_real(year, one, two), _real(year, two, one)]
    if (found := _MONTH_NAMED.fullmatch(text)) and found[2].lower() in _MONTHS:
        return "spreadsheet_date", [_real(int(found[3]), _MONTHS.index(found[2].lower()) + 1, int(found[1]))]
    if (found := _SERIAL.fullmatch(text)) and 0 < int(found[1]) <= _LAST_SERIAL:
        return "spreadsheet_serial", [_SERIAL_ZERO + timedelta(days=int(found[1]))]
    return "not_a_date", []


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_flag(text: str, options: CellOptions, column: str = ALWAYS_VALID) -> bool | Problem:
    """1/0 or true/false in any case; with ``options.yes_no`` also yes/no and y/n."""
    flags = _FLAGS | _YES_NO if options.yes_no else _FLAGS
    flag = flags.get(text.lower()) if text.isascii() else None
    return Problem(column, text, "unknown_flag", {"expected": list(flags)}) if flag is None else flag


def read_kind(text: str, options: CellOptions, column: str = KIND) -> BasisKind | Problem:
    """What the award rests on, in one of the spellings of ``options.kinds``."""
    kind = options.kinds.get(text)
    return Problem(column, text, "unknown_type", {"expected": list(options.kinds)}) if kind is None else kind


def read_terms(
    issued: str, always_valid: str, expires: str | None, kind: str, code: str | None, options: CellOptions
) -> Terms | tuple[Problem, ...]:
    """What a row says about its award, or everything that is wrong with it; None is a column that is not there.

    Depends on nothing but its arguments, so a caller may remember it per distinct combination.
    """
    day = read_date(issued, ISSUED)
    flag = read_flag(always_valid, options)
    basis = read_kind(kind, options)
    last = _read_expiry(expires, flag, options)
    item = _read_item(code, None if isinstance(basis, Problem) else basis)
    if (
        isinstance(day, Problem)
        or isinstance(flag, Problem)
        or isinstance(last, Problem)
        or isinstance(basis, Problem)
        or isinstance(item, Problem)
    ):
        return tuple(part for part in (day, flag, last, basis, item) if isinstance(part, Problem))
    derive = expires == "" and not flag
    return Terms(day, flag, last, basis, item, derive, expires is not None, code is not None)


def _read_expiry(text: str | None, always_valid: bool | Problem, options: CellOptions) -> date | Problem | None:
    if text is None:
        return None
    if always_valid is True:
        return Problem(EXPIRES, text, "expiry_not_allowed") if text else None
    if text:
        return read_date(text, EXPIRES)
    missing = always_valid is False and not options.derive_expiry
    return Problem(EXPIRES, text, "expiry_missing") if missing else None


@lru_cache
def _read_item(text: str | None, kind: BasisKind | None) -> str | Problem | None:
    """None for ``kind`` where that cell is wrong."""
    if text is None:
        return None
    if kind is BasisKind.MANUAL:
        return Problem(CODE, text, "code_not_allowed") if text else None
    if kind is not None and not text.strip():
        return Problem(CODE, text, "code_missing", {"kind": kind})
    return read_code(text) if text else None
