"""Filling the embedded directory, catalog and definitions from a world, all or nothing."""

from certcore.cli.session import ACTOR, Platform
from certcore.cli.world import Definition, World
from certcore.errors import InvalidDefinition, NotFound
from certcore.ports import Transaction
from certcore.services.units import in_unit


def fill(platform: Platform, world: World) -> None:
    """Create or replace what ``world`` names, in one transaction; the same world again changes nothing."""

    def work(tx: Transaction) -> None:
        platform.directory.save_branches(world.branches)
        platform.directory.save_people(world.people)
        platform.catalog.save_items(world.items)
        known = tx.certifications.by_code([each.code for each in world.certifications])
        for each in world.certifications:
            _define(platform, each, new=each.code not in known)

    in_unit(platform.storage, work)


def _define(platform: Platform, definition: Definition, *, new: bool) -> None:
    defining = platform.registrar.defining
    if new:
        defining.add(code=definition.code, actor=ACTOR, **definition.parts)
    else:
        defining.edit(definition.code, actor=ACTOR, **definition.parts)
    try:
        defining.assign(definition.code, definition.items, actor=ACTOR)
    except NotFound as error:
        problem = f"there is no {error.kind} {error.ref!r}; list it under items, or correct the code."
        raise InvalidDefinition(f"certifications.{definition.code}.items", problem) from None
