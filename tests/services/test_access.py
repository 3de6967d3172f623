"""Who may do what: every operation, as everybody, to everybody (R-114)."""

import inspect
from pathlib import Path

import pytest

from certcore.adapters.memory import MemoryDirectory
from certcore.domain.people import DEFAULT_ACCESS, Act, Actor, Reach, Role
from certcore.errors import NotFound
from certcore.services.access import OPERATIONS, RoleAccess
from tests.services.operations import (
    ABOUT_NOBODY,
    ACTORS,
    BY_CERTIFICATION,
    BY_IMPORT,
    BY_ITEM,
    BY_NUMBER,
    OTHER,
    SAMPLES,
    UNDER,
    Sample,
    import_id,
    number_of,
    reaches,
    world,
)
from tests.services.platform import ADMIN, Platform

LEARNER = Actor(f"id-{ACTORS[Role.LEARNER]}", frozenset({Role.LEARNER}))
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "access.md"
NEEDED = {"own": Reach.OWN, "overseen": Reach.OVERSEEN, "other": Reach.EVERYONE}
COLUMNS = {
    "learners": Role.LEARNER,
    "managers": Role.MANAGER,
    "coaches": Role.COACH,
    "group admins": Role.GROUP_ADMIN,
    "platform admins": Role.PLATFORM_ADMIN,
}
CELLS = {
    Reach.NOBODY: "nobody",
    Reach.OWN: "own",
    Reach.OVERSEEN: "own and overseen",
    Reach.EVERYONE: "everybody",
}


def test_f45_every_operation_of_every_service_has_a_row() -> None:
    """R-114: a new public method asks for something that the table says, or is named as the host's own."""
    services = vars(world().registrar)
    found = {
        f"{name}.{method}"
        for name, service in services.items()
        for method, _ in inspect.getmembers(service, callable)
        if not method.startswith("_")
    }
    assert found == set(OPERATIONS), "give each operation its acts in services/access.py, OPERATIONS"
    with_actor = {operation for operation, acts in OPERATIONS.items() if acts}
    assert with_actor == set(SAMPLES), "give each operation with an actor a sample in tests/services/operations.py"


@pytest.mark.parametrize("operation", SAMPLES)
def test_f45_every_operation_reaches_whom_the_table_says(operation: str) -> None:
    """R-114: as each role, to one's own award, to that of somebody overseen, and to another's."""
    for role, name in ACTORS.items():
        for relation, target in {"own": name, "overseen": UNDER.get(role), "other": OTHER}.items():
            if target is None:
                continue
            needed = Reach.OWN if operation in ABOUT_NOBODY else NEEDED[relation]
            wanted = all(DEFAULT_ACCESS[act][role] >= needed for act in OPERATIONS[operation])
            actor = Actor(f"id-{name}", frozenset({role}))
            assert reaches(SAMPLES[operation], world(), actor, target) is wanted, f"{operation} as {role}: {relation}"


def table(header: list[str], rows: list[list[str]]) -> str:
    """A table as Markdown has it."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows))


def test_the_page_shows_the_tables() -> None:
    """R-114: docs/reference/access.md says what the code does; on a difference, copy what is wanted into the page."""
    page = PAGE.read_text(encoding="utf-8")
    acts = [[f"`{act}`", *(CELLS[DEFAULT_ACCESS[act][role]] for role in COLUMNS.values())] for act in Act]
    operations = [
        [f"`{operation}`", ", ".join(f"`{act}`" for act in acts) or "none: the host's own code"]
        for operation, acts in sorted(OPERATIONS.items())
    ]
    for wanted in (table(["act", *COLUMNS], acts), table(["operation", "acts"], operations)):
        assert wanted in page, f"the page wants this:\n{wanted}"


def told(sample: Sample, platform: Platform, ref: str) -> str:
    """What a learner is told by an operation on that, with the name of it blotted out."""
    with pytest.raises(NotFound) as refusal:
        sample(platform, LEARNER, ref)
    return str(refusal.value).replace(ref, "…")


@pytest.mark.parametrize("operation", BY_NUMBER)
def test_f46_an_award_of_somebody_else_and_one_that_is_not_there_look_the_same(operation: str) -> None:
    """R-114: same type, same text, whether the number is another's, nobody's or no number at all."""
    platform = world()
    texts = [str(number_of(platform, OTHER)), "44RF-NDCD-4BPS-T", "no number"]
    assert len({told(BY_NUMBER[operation], platform, text) for text in texts}) == 1


@pytest.mark.parametrize("operation", [each for each in BY_CERTIFICATION if Act.VIEW not in OPERATIONS[each]])
def test_f46_a_certification_that_one_may_not_touch_looks_like_none(operation: str) -> None:
    """R-114: definitions are seen by all, and changed by those who may; others learn nothing by trying."""
    platform = world()
    assert len({told(BY_CERTIFICATION[operation], platform, code) for code in ("SAFE-1", "NONE-1")}) == 1


@pytest.mark.parametrize("operation", BY_ITEM)
def test_f46_an_item_that_one_may_not_touch_looks_like_none(operation: str) -> None:
    """R-114: what carries a certification and what does not, and what is not there, are refused alike."""
    platform = world()
    assert len({told(BY_ITEM[operation], platform, each) for each in ("course:C-1", "course:C-2", "course:C-9")}) == 1


@pytest.mark.parametrize("operation", BY_IMPORT)
def test_f46_an_import_that_one_may_not_see_looks_like_none(operation: str) -> None:
    """R-114: ids of imports tell nothing."""
    platform = world()
    known = import_id(platform, OTHER)
    assert len({told(BY_IMPORT[operation], platform, each) for each in (known, "0" * 16, "none")}) == 1


def test_f45_counts_are_of_those_whom_one_may_see() -> None:
    """R-8, R-114: a list of certifications counts no award that its reader may not see."""
    platform = world()
    counts = {
        role: platform.registrar.defining.get("SAFE-1", actor=Actor(f"id-{name}", frozenset({role}))).live_awards
        for role, name in ACTORS.items()
    }
    everybody = len(ACTORS) + len(UNDER) + 1
    assert counts == {role: everybody if role is Role.PLATFORM_ADMIN else 1 + (role in UNDER) for role in Role}


def test_whoever_oversees_somebody_needs_no_role_for_it() -> None:
    """R-114: the directory's relations of now are what counts; without any, the role alone shows nobody."""
    platform = world()
    under = UNDER[Role.MANAGER]
    by_relation = Actor(f"id-{ACTORS[Role.MANAGER]}")
    by_role = Actor(f"id-{OTHER}", frozenset({Role.MANAGER}))
    assert reaches(SAMPLES["reporting.show"], platform, by_relation, under)
    assert not reaches(SAMPLES["reporting.show"], platform, by_role, under)


def test_the_directory_is_asked_whom_somebody_oversees_only_where_that_matters() -> None:
    """f46: no lookup beyond what the decision needs."""
    asked: list[str] = []

    class Spy(MemoryDirectory):
        def overseen(self, actor_id: str) -> frozenset[str]:
            asked.append(actor_id)
            return super().overseen(actor_id)

    access = RoleAccess(Spy())
    access.scope(ADMIN, Act.VIEW)
    access.scope(LEARNER, Act.AWARD)
    access.scope(LEARNER, Act.RENEW)
    assert asked == []
    access.scope(LEARNER, Act.VIEW)
    assert asked == [LEARNER.id]
