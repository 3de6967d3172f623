"""Creating, migrating and checking the tables (f41)."""

from typing import Any, Final, NamedTuple

from sqlalchemy import URL, Connection, Engine, Select, column, inspect, select, table, text

from certcore.adapters.sql.columns import PREFIX, VERSION_TABLE
from certcore.adapters.sql.connecting import connections_to
from certcore.adapters.sql.failures import translated
from certcore.adapters.sql.tables import REVISION
from certcore.adapters.sql.units import Unit
from certcore.errors import Retryable, SchemaMismatch, StorageError

_VERSIONS: Final[Select[Any]] = select(column("version_num")).select_from(table(VERSION_TABLE))
_LOCK: Final = text("SELECT pg_advisory_xact_lock(4847319052214886258)")  # any number, always the same


class Revisions(NamedTuple):
    """The revision of the tables, None where there are none, and the one that this release needs."""

    found: str | None
    needed: str


def revisions(target: str | URL | Engine | Connection) -> Revisions:
    """Which revision the tables are at and which is needed; nothing is changed."""
    connections = connections_to(target)
    try:
        with connections.unit(writing=False) as unit:
            return Revisions(_found(unit), REVISION)
    finally:
        connections.close()


def check(target: str | URL | Engine | Connection) -> Revisions:
    """The revisions, which are equal; raises `SchemaMismatch` for tables older, newer or missing."""
    found = revisions(target)
    if found.found != found.needed:
        raise SchemaMismatch(*found)
    return found


def upgrade(target: str | URL | Engine | Connection) -> None:
    """Create the tables or migrate them to this release, all or nothing, one process at a time.

    On a connection of the host's it is done in the host's transaction. Tables without certcore's prefix are not
    touched. Raises `SchemaMismatch` when a newer release has made them.
    """
    connections = connections_to(target)
    try:
        with connections.unit(writing=True) as unit:
            migrate(unit)
    finally:
        connections.close()


def demand(unit: Unit) -> None:
    """Raise `SchemaMismatch` unless the tables are those of this release."""
    found = _found(unit)
    if found != REVISION:
        raise SchemaMismatch(found, REVISION)


def migrate(unit: Unit) -> None:
    """Bring the tables to this release inside the unit's transaction."""
    from alembic import command  # noqa: PLC0415 - it takes 50 ms, and only migrations need it
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script.revision import ResolutionError  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    if unit.connection.dialect.name == "postgresql":
        unit.rows(_LOCK)
    found = _found(unit)
    config = Config()
    config.set_main_option("script_location", "certcore.adapters.sql:migrations")
    config.attributes["connection"] = unit.connection
    try:
        with translated(unit.connection, "tables"):
            command.upgrade(config, "head")
    except (CommandError, ResolutionError) as error:
        raise SchemaMismatch(found, REVISION) from error


def is_ours(name: str | None, kind: str) -> bool:
    """Whether a table of this name is certcore's, for Alembic's ``include_name``; a host's own wants the opposite."""
    return kind != "table" or (name is not None and name.startswith(PREFIX))


def _found(unit: Unit) -> str | None:
    try:
        with unit.savepoint():
            return ",".join(sorted(row[0] for row in unit.rows(_VERSIONS))) or None
    except Retryable:
        raise
    except StorageError:
        with translated(unit.connection, "tables"):
            if inspect(unit.connection).has_table(VERSION_TABLE):
                raise
        return None
