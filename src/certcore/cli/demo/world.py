"""A hospital group in three countries whose clocks skip midnight in spring, as the data of a world file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count, cycle, islice, product
from random import Random
from typing import Any, Final

World = Mapping[str, Sequence[Mapping[str, Any]]]

ZONES: Final = ("America/Havana", "Africa/Cairo", "Asia/Beirut")
RETIRED: Final = "OLD-1"
PLAN: Final = "SAFETY"
LEFT: Final = 20
"""Every so many-th person has left: the user is deactivated."""

_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "America/Havana": (
        "Yanet Osmany Dayana Reinier Leticia Yoel Maité Adrián Zenaida Iván",
        "Peña Núñez Acosta Fuentes Ibáñez Cárdenas Valdés Quintana Duarte Matos",
    ),
    "Africa/Cairo": (
        "Nour Omar Salma Karim Hana Tarek Mariam Youssef Dina Sherif",
        "Farouk Mansour Saleh Nasser Helmy Zaki Shawky Fathy Radwan Sabry",
    ),
    "Asia/Beirut": (
        "Yara Elie Rima Fadi Maya Ziad Carla Ramzi Nadine Samir",
        "Haddad Khoury Najjar Saad Chamoun Bitar Karam Sfeir Tabet Makhlouf",
    ),
}
_BRANCHES: Final = {"America/Havana": "cuba", "Africa/Cairo": "egypt", "Asia/Beirut": "lebanon"}
_GROUPS: Final = ("nurses", "drivers", "technicians", "kitchen")

CERTIFICATIONS: Final[Mapping[str, tuple[str, Mapping[str, int] | None]]] = {
    "FIRE-1": ("Fire safety", {"years": 1}),
    "AID-1": ("First aid", {"years": 2}),
    "FORK-1": ("Forklift driving", {"years": 3}),
    "HYG-1": ("Food hygiene", {"months": 18}),
    "GDPR-1": ("Data protection", {"years": 1}),
    "ELEC-1": ("Working on live circuits", {"years": 5}),
    "CHEM-1": ("Hazardous substances", {"years": 3}),
    "HAND-1": ("Hand hygiene", {"weeks": 26}),
    "RAD-1": ("Radiation protection", {"years": 5}),
    "LIFT-1": ("Moving patients", {"years": 2}),
    "BLOOD-1": ("Blood transfusion", {"months": 6}),
    "CPR-1": ("Resuscitation", {"years": 1}),
    "MASK-1": ("Respirator fit", {"days": 365}),
    "GAS-1": ("Medical gases", {"years": 2}),
    "DRIVE-1": ("Ambulance driving", {"years": 3}),
    "CODE-1": ("Code of conduct", None),
    "INTRO-1": ("Induction", None),
}


def make_world(people: int, chance: Random) -> World:
    """So many people in three zones, courses and a learning plan, and the certifications that they earn."""
    codes = [*CERTIFICATIONS, RETIRED]
    return {
        "branches": [{"code": "group"}, *({"code": code, "parent": "group"} for code in _BRANCHES.values())],
        "people": _people(people, chance),
        "items": [
            *({"kind": "course", "code": course_of(code), "title": _title(code)} for code in codes),
            {"kind": "learning_plan", "code": PLAN, "title": "Safety at work", "courses": [course_of("FIRE-1")]},
        ],
        "certifications": [
            {
                "code": code,
                "name": _title(code),
                "policy": {"validity": validity, "warning": {"days": 30}} if validity else {},
                "items": [f"course:{course_of(code)}", *(["learning_plan:" + PLAN] if code == "AID-1" else [])],
            }
            for code, (_, validity) in {**CERTIFICATIONS, RETIRED: ("", None)}.items()
        ],
    }


def course_of(code: str) -> str:
    """The course that earns a certification."""
    return f"C-{code}"


def _title(code: str) -> str:
    return CERTIFICATIONS.get(code, ("Fax machine operation", None))[0]


def _people(number: int, chance: Random) -> list[Mapping[str, Any]]:
    names = {
        zone: cycle(chance.sample([*product(firsts.split(), lasts.split())], 100))
        for zone, (firsts, lasts) in _NAMES.items()
    }
    taken: Counter[str] = Counter()
    people: list[Mapping[str, Any]] = []
    for place, zone in zip(count(), islice(cycle(ZONES), number), strict=False):
        first, last = next(names[zone])
        login = f"{first}.{last}".lower()
        taken[login] += 1
        people.append(
            {
                "username": login if taken[login] == 1 else f"{login}{taken[login]}",
                "first_name": first,
                "last_name": last,
                "zone": zone,
                "groups": [_GROUPS[place % len(_GROUPS)]],
                "branches": [_BRANCHES[zone]],
                "active": place % LEFT != LEFT - 1,
            }
        )
    return people
