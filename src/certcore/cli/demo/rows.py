"""A file of awards as people upload them: mostly right, with a trouble of another kind every few rows."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import cycle, islice, product
from random import Random
from typing import Final, TextIO

from attrs import frozen

from certcore.cli.demo.world import CERTIFICATIONS, PLAN, RETIRED, World, course_of
from certcore.domain.cells import ALWAYS_VALID, CERTIFICATION, CODE, EXPIRES, ISSUED, KIND, REQUIRED, USERNAME
from certcore.domain.time import add_length

UPLOADED_IN: Final = "Asia/Beirut"
GAP_DAYS: Final = (date(2025, 3, 30), date(2026, 3, 29), date(2024, 3, 31), date(2022, 3, 27))
"""Days that began at one o'clock there, since the clocks skipped midnight."""

_COLUMNS: Final = (*REQUIRED[:4], EXPIRES, KIND, CODE)
_FIRST_DAY: Final = date(2021, 1, 1)
_DAYS: Final = 1_975
_SERIAL_ZERO: Final = date(1899, 12, 30)
_TROUBLE_EVERY: Final = 25
_GAP_EVERY: Final = 40
_SPACE_EVERY: Final = 90

Row = dict[str, str]


@frozen
class Spot:
    """Where a trouble comes in: a good row and its day of issue, a row before it, somebody who has left."""

    row: Row
    day: date
    earlier: Row
    gone: str


_TROUBLES: Final[Sequence[Callable[[Spot], Mapping[str, str]]]] = (
    lambda _spot: {ISSUED: "07/04/2021"},
    lambda spot: {USERNAME: spot.row[USERNAME].replace(".", "_")},
    lambda spot: {ISSUED: str((spot.day - _SERIAL_ZERO).days)},
    lambda spot: {USERNAME: spot.gone},
    lambda spot: {
        USERNAME: spot.earlier[USERNAME],
        CERTIFICATION: spot.earlier[CERTIFICATION],
        KIND: "manual",
        CODE: "",
    },
    lambda _spot: {CERTIFICATION: RETIRED, KIND: "manual", CODE: ""},
    lambda _spot: {KIND: "course", CODE: ""},
    lambda spot: {ALWAYS_VALID: "false", EXPIRES: (spot.day - timedelta(days=365)).isoformat()},
    lambda spot: {KIND: "manual", CODE: course_of(spot.row[CERTIFICATION])},
    lambda spot: {ISSUED: f"{spot.day.year}-02-30"},
    lambda _spot: {ALWAYS_VALID: "n/a"},
    lambda spot: {ALWAYS_VALID: "true", EXPIRES: add_length(spot.day, {"years": 1}).isoformat()},
    lambda spot: {KIND: "course", CODE: course_of("CPR-1" if spot.row[CERTIFICATION] == "AID-1" else "AID-1")},
    lambda spot: {ISSUED: f"{spot.day.replace(day=18):%d/%m/%Y}"},
)


def write_rows(file: TextIO, world: World, number: int, chance: Random) -> None:
    """Write the header and ``number`` rows about the world's people."""
    writer = csv.DictWriter(file, _COLUMNS)
    writer.writeheader()
    writer.writerows(_rows(world, number, chance))


def _rows(world: World, number: int, chance: Random) -> Iterator[Row]:
    active = [person["username"] for person in world["people"] if person["active"]]
    gone = cycle(person["username"] for person in world["people"] if not person["active"])
    keys = [*product(active, CERTIFICATIONS)]
    chance.shuffle(keys)
    keys.sort(key=lambda key: key[0] != active[0])  # the learner whose awards the demo shows comes first
    troubles = cycle(_TROUBLES)
    earlier = None
    for place, (username, code) in enumerate(islice(cycle(keys), number), start=1):
        gap = place % _GAP_EVERY == 2
        day = GAP_DAYS[place // _GAP_EVERY % len(GAP_DAYS)] if gap else _FIRST_DAY + timedelta(chance.randrange(_DAYS))
        row = _good_row(username, code, day, chance)
        if place % _TROUBLE_EVERY == 0:
            row |= next(troubles)(Spot(row, day, earlier or row, next(gone)))
        elif place % _SPACE_EVERY == 0:
            row[USERNAME] += " "
        else:
            earlier = row
        yield row


def _good_row(username: str, code: str, day: date, chance: Random) -> Row:
    _, validity = CERTIFICATIONS[code]
    kind = chance.choice(("manual", "course", "course", "learning_plan" if code == "AID-1" else "course"))
    return {
        USERNAME: username,
        CERTIFICATION: code,
        ISSUED: day.isoformat(),
        ALWAYS_VALID: str(validity is None).lower(),
        EXPIRES: "" if validity is None else add_length(day, validity).isoformat(),
        KIND: kind,
        CODE: {"manual": "", "learning_plan": PLAN}.get(kind, course_of(code)),
    }
