"""``certcore db``: the tables of the database."""

from cyclopts import App

from certcore.adapters.sql import Revisions, SqlStorage, check, revisions
from certcore.cli.session import Here


def upgrade(*, session: Here) -> None:
    """Create the tables, or migrate them to this release."""
    before = revisions(session.url)
    storage = SqlStorage(session.url)
    try:
        storage.upgrade()
    finally:
        storage.close()
    document = {"from": before.found, "to": before.needed}
    if before.found == before.needed:
        session.screen.answer(document, f"The tables are at revision {before.needed} already.")
    else:
        session.screen.answer(document, f"The tables are now at revision {before.needed}.")


def check_tables(*, session: Here) -> None:
    """Check that the tables are those of this release."""
    found: Revisions = check(session.url)
    session.screen.answer(found._asdict(), f"The tables are at revision {found.needed}, as this release needs them.")


def register(app: App) -> None:
    """Let ``app`` have these commands."""
    group = App(name="db", help="Create, migrate and check the tables.")
    group.command(upgrade)
    group.command(check_tables, name="check")
    app.command(group)
