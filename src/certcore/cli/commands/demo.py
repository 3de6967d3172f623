"""``certcore demo``: the main job on a made-up file, shown step by step."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from os import urandom
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Annotated, Final

from attrs import evolve, frozen
from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Group
from rich.rule import Rule
from rich.text import Text

from certcore.cli import award_tables, tables
from certcore.cli.commands.imports import told
from certcore.cli.demo.rows import GAP_DAYS, UPLOADED_IN, write_rows
from certcore.cli.demo.world import CERTIFICATIONS, LEFT, RETIRED, ZONES, make_world
from certcore.cli.loading import fill
from certcore.cli.output import Screen
from certcore.cli.session import ACTOR, Here, Platform
from certcore.cli.world import World, read_world
from certcore.codec import Document, award_document, history_document, import_document
from certcore.ports import Clock
from certcore.services.importing import ImportReport, ImportRequest

NOW: Final = datetime(2026, 5, 15, 12, tzinfo=UTC)
_SEED: Final = 20260515
_ROWS_A_PERSON: Final = len(CERTIFICATIONS) * (LEFT - 1) // LEFT
_FEWEST_PEOPLE: Final = 300


def demo(
    *,
    rows: Annotated[int, Parameter(validator=Number(gte=1, lte=1_000_000))] = 10_000,
    keep: bool = False,
    session: Here,
) -> None:
    """Show the main job: a file of awards with realistic trouble, checked, imported and imported again.

    Parameters
    ----------
    rows
        How many rows the file has.
    keep
        Leave the file, and the database where none was named, for you to look at.
    """
    with _folder(keep=keep) as folder:
        url = session.named_url or f"sqlite:///{folder / 'demo.db'}"
        clock = (lambda: NOW) if session.now is None else session.clock
        random_bytes = urandom if session.named_url else Random(_SEED).randbytes
        with Platform.opened(url, clock, random_bytes) as platform:
            story = _Story(session.screen, platform, clock, folder / "awards.csv")
            document = story.tell(rows)
        if session.screen.as_json:
            session.screen.answer(document)
        elif keep:
            session.screen.say("")
            session.screen.say(f"The file is kept in {folder}; look around with certcore --db {url} search")


@frozen
class _Story:
    """The demo, step by step."""

    screen: Screen
    platform: Platform
    clock: Clock
    path: Path

    def tell(self, rows: int) -> Document:
        """Show every step; the documents that the commands would give."""
        chance = Random(_SEED)
        data = make_world(max(_FEWEST_PEOPLE, rows // _ROWS_A_PERSON + LEFT), chance)
        world = read_world(data)
        people = [evolve(each, id=f"demo-{place:06}") for place, each in enumerate(world.people)]  # not by chance
        self._load(evolve(world, people=people))
        with self.path.open("w", encoding="utf-8", newline="") as file:
            write_rows(file, data, rows, chance)
        self._step(f"A file of {rows:,} rows, uploaded in {UPLOADED_IN}: {self.path.name}")
        with self.path.open(encoding="utf-8") as file:
            excerpt = "".join(next(file, "") for _ in range(4))
        self.screen.say(Group(Text(f"{excerpt}…", no_wrap=True, overflow="ellipsis")))
        checked = self._run("Dry run: what would become of every row", dry_run=True)
        done = self._run("Import")
        again = self._run("The same file again: nothing is done twice")
        awards = self._learner(world.people[0].username)
        return {
            "load": world.counts(),
            "dry_run": import_document(checked),
            "import": import_document(done),
            "again": import_document(again),
            **awards,
        }

    def _load(self, world: World) -> None:
        self._step(f"A world: {len(world.people)} people in {', '.join(ZONES)}")
        fill(self.platform, world)
        self.platform.registrar.defining.retire(RETIRED, actor=ACTOR)
        self.screen.say(tables.certifications(self.platform.registrar.defining.overviews(actor=ACTOR)))

    def _run(self, title: str, *, dry_run: bool = False) -> ImportReport:
        self._step(title)
        with self.path.open("rb") as file, self.screen.progress("Checking" if dry_run else "Importing") as progress:
            report = self.platform.registrar.importing.run(
                file, ImportRequest(zone=UPLOADED_IN), actor=ACTOR, dry_run=dry_run, progress=progress
            )
        outcomes, *rest = told(report)
        self.screen.say(outcomes, *(rest if title == "Import" else ()))
        return report

    def _learner(self, username: str) -> Document:
        reporting = self.platform.registrar.reporting
        records = reporting.search(actor=ACTOR, username=username).records
        if not records or records[0].person is None:
            return {"awards": [], "award": None}
        self._step("One learner's awards, as their own clock has them")
        self.screen.say(*award_tables.learners_awards(records[0].person, records, self.clock()))
        shown = next((each for each in records if each.award.period.issued_on in GAP_DAYS), records[0])
        record, history = reporting.show(shown.award.number, actor=ACTOR)
        self._step("One award in full, with its history")
        self.screen.say(*award_tables.award(record, history))
        return {
            "awards": [award_document(each) for each in records],
            "award": {**award_document(record), "history": [history_document(entry) for entry in history]},
        }

    def _step(self, title: str) -> None:
        self.screen.say("")
        self.screen.say(Rule(title, align="left"))


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    folder = Path(mkdtemp(prefix="certcore-demo-"))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
