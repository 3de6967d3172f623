"""The commands, by what they are about."""

from cyclopts import App

from certcore.cli.commands import (
    awarding,
    awards,
    bench,
    certifications,
    database,
    demo,
    external,
    imports,
    people,
    policy,
    reports,
    world,
)


def register(app: App) -> None:
    """Let ``app`` have all commands."""
    app.command(demo.demo)
    app.command(world.load)
    certifications.register(app)
    people.register(app)
    app.command(awarding.award)
    app.command(awards.edit)
    app.command(awards.unassign)
    imports.register(app)
    app.command(awards.search)
    app.command(awards.show)
    reports.register(app)
    external.register(app)
    policy.register(app)
    database.register(app)
    bench.register(app)
