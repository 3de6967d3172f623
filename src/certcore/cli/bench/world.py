"""What a benchmark imports: a seeded world and a clean file of awards about it."""

import csv
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

from certcore.adapters.sql import PersonRecord
from certcore.cli.world import Definition, World
from certcore.domain.cells import ALWAYS_VALID, CERTIFICATION, CODE, EXPIRES, ISSUED, KIND, USERNAME
from certcore.domain.certifications import Item, ItemKind, ItemRef
from certcore.domain.policy import RenewalPolicy

ZONE: Final = "America/Sao_Paulo"
"""Where the file's dates are read: clocks skipped midnight there every spring until 2018."""

_SEED: Final = 20260515
_CERTIFICATIONS: Final = 10
_YEAR: Final = timedelta(days=365)
_FIRST_DAY: Final = date(2024, 1, 1)
_DAYS: Final = 700
_FIRST_OF_ALL_DAYS: Final = date(1900, 1, 1)
_ALL_DAYS: Final = 2_950_000


def bench_world(rows: int) -> World:
    """A learner for every ten rows, and ten certifications with a course each; ids are as random as UUIDs."""
    chance = Random(_SEED)
    courses = [Item(ItemRef(ItemKind.COURSE, f"C-{place}"), f"Course {place}") for place in range(_CERTIFICATIONS)]
    policy = RenewalPolicy.from_data({"validity": {"years": 1}, "warning": {"days": 30}})
    return World(
        people=[
            PersonRecord(
                username=_username(place), first_name="First", last_name=f"Last {place}", id=chance.randbytes(16).hex()
            )
            for place in range(_learners(rows))
        ],
        items=courses,
        certifications=[
            Definition(f"CERT-{place}", {"name": f"Certification {place}", "policy": policy}, (course.ref,))
            for place, course in enumerate(courses)
        ],
    )


def write_file(path: Path, rows: int, *, distinct_dates: bool) -> None:
    """A file of so many good rows, each a new award: of 700 days of issue, or each of a day of its own."""
    chance, learners = Random(_SEED), _learners(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow((USERNAME, CERTIFICATION, ISSUED, ALWAYS_VALID, EXPIRES, KIND, CODE))
        for place in range(rows):
            certification = place // learners
            if distinct_dates:
                day = _FIRST_OF_ALL_DAYS + timedelta(place % _ALL_DAYS)
            else:
                day = _FIRST_DAY + timedelta(chance.randrange(_DAYS))
            writer.writerow(
                (
                    _username(place % learners),
                    f"CERT-{certification}",
                    day,
                    "false",
                    day + _YEAR,
                    ItemKind.COURSE,
                    f"C-{certification}",
                )
            )


def _learners(rows: int) -> int:
    return -(-rows // _CERTIFICATIONS)


def _username(place: int) -> str:
    return f"learner{place:07}"
