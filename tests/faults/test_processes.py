"""Two processes at once: both import the same file, or one imports while the other awards the same people by hand."""

from collections import Counter
from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

from certcore.domain.awards import Award
from certcore.domain.cells import OPTIONAL, REQUIRED
from certcore.domain.jobs import JobState
from certcore.services.importing import TableFormat
from certcore.services.importing.table import open_table
from tests.faults.conftest import Copies
from tests.faults.processes import Process, started
from tests.faults.world import (
    Site,
    awards_of,
    check_invariants,
    dump,
    entries_of,
    file_of,
    imports_of,
    site_at,
    told,
    user,
)

ROWS = 1_000
BATCH = 100
BY_HAND = 300


def to_first_batch(process: Process) -> None:
    """Let it come to where it waits, after its first batch."""
    lines = iter(process.lines())
    assert next(lines) == "ready"
    assert int(next(lines)) > 0


def test_f02_two_processes_import_one_file_and_have_one_effect(copies: Copies, tmp_path: Path) -> None:
    """R-41: both tell the same report under the same id, write the same rejects, and nothing is there twice."""
    file = tmp_path / "awards.csv"
    file.write_bytes(file_of(ROWS))
    with copies(ROWS) as url, site_at(url, batch=BATCH) as site:
        calm = site.run(file.read_bytes(), key="once")
        end = dump(site.storage)
    rejects = [tmp_path / "0.csv", tmp_path / "1.csv"]
    with copies(ROWS) as url:
        arguments = [(url, str(file), str(each), str(BATCH), "wait") for each in rejects]
        with started("importer.py", *arguments[0]) as one, started("importer.py", *arguments[1]) as other:
            for process in (one, other):
                to_first_batch(process)
            for process in (one, other):
                process.say()
            reports = [process.answer() for process in (one, other)]
        with site_at(url) as site:
            assert reports[0] == reports[1]
            assert imports_of(site, file.read_bytes()) == {reports[0]["import_id"]: JobState.DONE}
            assert {name: reports[0][name] for name in ("rows", "new", "renewed", "rejected")} == {
                name: told(calm)[name] for name in ("rows", "new", "renewed", "rejected")
            }
            assert rejects[0].read_bytes() == rejects[1].read_bytes()
            assert dump(site.storage) == end
            check_invariants(site.storage)


@pytest.mark.parametrize("held", ["keep", "renew"])
def test_an_import_while_the_same_people_are_awarded_by_hand_equals_one_serial_order(
    copies: Copies, tmp_path: Path, held: str
) -> None:
    """R-23: every row and every act by hand is accounted for, and one order of batches and acts explains all awards."""
    file = tmp_path / "awards.csv"
    file.write_bytes(file_of(ROWS, bad=False))
    with copies(ROWS) as url:
        with (
            started("importer.py", url, str(file), str(tmp_path / "rejects.csv"), str(BATCH), "wait") as importer,
            started("hand.py", url, str(BY_HAND), held) as hand,
        ):
            assert next(hand.lines()) == "ready"
            to_first_batch(importer)
            importer.say()
            hand.say()
            report, by_hand = importer.answer(), hand.answer()["outcomes"]
        with site_at(url) as site:
            check_invariants(site.storage)
            assert sum(report[name] for name in ("new", "renewed", "unchanged")) == report["rows"] == ROWS
            entries = list(entries_of(site, report["import_id"]))
            assert Counter(entry.act for entry in entries) == Counter(
                issued=report["new"] + report["renewed"], renewed=report["renewed"]
            )
            issued = {entry.award_id for entry in entries if entry.act == "issued"}
            check_order(chains_of(site), batches_of(file), issued, by_hand)


def chains_of(site: Site) -> dict[str, list[Award]]:
    """The awards of SAFE-1 by username, each after the one that it renews."""
    with site.storage.reading() as tx:
        certification = tx.certifications.by_code(["SAFE-1"])["SAFE-1"]
    awards = [award for award in awards_of(site.storage) if award.certification_id == certification.id]
    by_id = {award.id: award for award in awards}
    chains: dict[str, list[Award]] = {}
    for first in awards:
        if first.renews is None:
            chain = [first]
            while chain[-1].renewed_by is not None:
                chain.append(by_id[chain[-1].renewed_by])
            assert [award.live for award in chain] == [False] * (len(chain) - 1) + [True]
            assert chains.setdefault(user(int(first.learner_id.removeprefix("id-"))), chain) is chain
    assert sum(map(len, chains.values())) == len(awards)
    return chains


def batches_of(file: Path) -> dict[str, int]:
    """In which batch the row of SAFE-1 of a learner is, by username."""
    with file.open("rb") as source:
        found = enumerate(open_table(source, TableFormat(), REQUIRED, OPTIONAL).batches(BATCH))
        return {row[0]: at for at, batch in found for row in batch.rows if row[1] == "SAFE-1"}


def check_order(
    chains: dict[str, list[Award]], batches: dict[str, int], issued: set[int], by_hand: list[tuple[str, str, str]]
) -> None:
    """Put acts by hand and batches in one order in which, of each learner, the later met what the earlier had left.

    Each process makes its acts one after the other. Which was first for a learner, their chain of awards tells: where
    the award that the hand names stands before the one that the import issued, or is what the import found unchanged.
    """
    order: TopologicalSorter[tuple[str, int]] = TopologicalSorter()
    for before, after in pairwise(range(len(by_hand))):
        order.add(("hand", after), ("hand", before))
    for before, after in pairwise(range(max(batches.values()) + 1)):
        order.add(("batch", after), ("batch", before))
    first = Counter[str]()
    for at, (username, _outcome, number) in enumerate(by_hand):
        chain = chains[username]
        named = [award.number for award in chain].index(number)
        imported = next((place for place, award in enumerate(chain) if award.id in issued), None)
        acts = ("hand", at), ("batch", batches.get(username, -1))
        if username not in batches or (imported is None and named == 0):
            continue  # the import had nothing to do with them, or neither changed anything
        earlier, later = acts if imported is not None and named < imported else acts[::-1]
        order.add(later, earlier)
        first[earlier[0]] += 1
    order.prepare()  # raises CycleError when there is no such order
    print(f"first: {dict(first)}")  # noqa: T201
