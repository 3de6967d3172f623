"""The commands, by what they are about."""

from cyclopts import App

from certcore.cli.commands import (
    archiving,
    awarding,
    awards,
    bench,
    certifications,
    completing,
    database,
    delivering,
    demo,
    exporting,
    external,
    imports,
    jobs,
    notices,
    people,
    policy,
    proving,
    renewing,
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
    app.command(completing.complete)
    app.command(completing.why_not)
    renewing.register(app)
    app.command(awards.edit)
    app.command(awards.unassign)
    app.command(archiving.revoke)
    app.command(archiving.restore)
    app.command(archiving.purge)
    imports.register(app)
    jobs.register(app)
    app.command(awards.search)
    app.command(awards.show)
    app.command(exporting.export)
    reports.register(app)
    app.command(proving.pdf)
    app.command(proving.verify)
    external.register(app)
    app.command(delivering.sweep)
    notices.register(app)
    policy.register(app)
    database.register(app)
    bench.register(app)
