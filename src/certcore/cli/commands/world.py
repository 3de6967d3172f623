"""``certcore load``: people, branches, items and certifications from one file."""

from certcore.cli.arguments import File
from certcore.cli.files import read_data
from certcore.cli.loading import fill
from certcore.cli.session import Here
from certcore.cli.world import read_world


def load(file: File, /, *, session: Here) -> None:
    """Fill directory, catalog and certifications from a TOML or JSON file.

    What the file names is created or replaced, what it does not name stays; all of it or, with a mistake, nothing.

    Parameters
    ----------
    file
        The file, or - for standard input.
    """
    world = read_world(read_data(file))
    fill(session.platform, world)
    counts = world.counts()
    session.screen.answer(counts, "Loaded: " + ", ".join(f"{count:,} {what}" for what, count in counts.items()) + ".")
