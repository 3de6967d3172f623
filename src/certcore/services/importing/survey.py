"""The first pass over a file: its digest, how many rows it has, and which keys come more than once (R-43, R-44)."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from operator import itemgetter

from attrs import field, frozen

from certcore.domain.cells import CERTIFICATION, USERNAME, Problem, all_plain, read_code, read_username
from certcore.domain.people import Person, Scope
from certcore.domain.spreadsheets import unguarded
from certcore.ports import Directory
from certcore.services.importing.table import Batch, Table

_TRIMMED_TOLD = 20
_MOST_REMEMBERED = 100_000
_MOST_IN_MASKS = 1_024
"""How many codes are bits of a mask per learner; a file that names more of them is remembered pair by pair."""

Key = tuple[str | None, str | None]
"""The matched learner's id and the certification's code: `Ana` and `Ana ` are one learner. None where unknown."""


@frozen
class People:
    """The people of a file, each asked for once: as many are remembered as fit into some tens of megabytes."""

    _directory: Directory
    _scope: Scope
    _known: dict[str, Person | Problem] = field(factory=dict, init=False)
    _passing: list[str] = field(factory=list, init=False)

    def named(self, texts: Collection[str]) -> Mapping[str, Person | Problem]:
        """Whom these cells name, or why nobody who may be awarded; and perhaps others."""
        for text in self._passing:
            del self._known[text]
        self._passing.clear()
        missing = set(texts).difference(self._known)
        if len(self._known) + len(missing) > _MOST_REMEMBERED:
            self._known.clear()
            missing = set(texts)
        if missing:
            self._ask(missing)
        return self._known

    def _ask(self, texts: Collection[str]) -> None:
        keys = _read_once(texts, USERNAME, read_username)
        matched = self._directory.match(list({key for key in keys.values() if isinstance(key, str)}))
        for text, key in keys.items():
            known = key if isinstance(key, Problem) else self._judged(text, matched.get(key))
            if isinstance(known, Person) and known.username == text:
                self._known[known.username] = known  # one text for both
                continue
            self._known[text] = known
            if text != key or isinstance(known, Problem):
                self._passing.append(text)  # it may be of any length

    def _judged(self, text: str, person: Person | None) -> Person | Problem:
        if person is None or not self._scope.covers(person.id):
            return Problem(USERNAME, text, "unknown_user")
        return person if person.active else Problem(USERNAME, text, "deactivated_user")


@frozen
class Survey:
    """``repeated`` gives for each key that comes more than once the lines of all its rows, in order.

    ``trimmed`` warns of the first usernames that are read without the spaces around them.
    """

    rows: int
    repeated: Mapping[Key, Sequence[int]]
    trimmed: Sequence[Problem] = ()


def survey(table: Table, people: People) -> Survey:
    """Read the whole file once; a second time only where keys repeat, for the lines of those.

    Memory grows with the learners in the file and the repeated keys; with its rows only where it names more than a
    thousand codes. Raises `UnreadableFile`.
    """
    rows = 0
    seen: dict[str, int] = {}
    bits: dict[str, int] = {}
    pairs: set[Key] = set()
    repeated: dict[Key, list[int]] = {}
    trimmed: dict[str, Problem] = {}
    for batch in table.batches():
        rows += len(batch.rows) + len(batch.bad)
        if len(trimmed) < _TRIMMED_TOLD:
            trimmed |= {text: Problem(USERNAME, text, "trimmed") for text in _with_spaces(table, batch)}
        for learner_id, code in _keys(table, batch, people):
            if learner_id is None or code is None:
                continue
            bit = bits.get(code)
            if bit is None and len(bits) < _MOST_IN_MASKS:
                bit = bits[code] = 1 << len(bits)
            before = seen.get(learner_id, 0)
            if (learner_id, code) in pairs if bit is None else before & bit:
                repeated[learner_id, code] = []
            elif bit is None:
                pairs.add((learner_id, code))
            else:
                seen[learner_id] = before | bit
    if repeated:
        _note_lines(repeated, table, people)
    return Survey(rows, repeated, list(trimmed.values())[:_TRIMMED_TOLD])


def _note_lines(repeated: Mapping[Key, list[int]], table: Table, people: People) -> None:
    for batch in table.batches():
        for line, key in zip(batch.lines, _keys(table, batch, people), strict=True):
            if key in repeated:
                repeated[key].append(line)


def _with_spaces(table: Table, batch: Batch) -> Iterator[str]:
    return (text for text in map(cell_of(table, USERNAME), batch.rows) if text != text.strip())


def cell_of(table: Table, column: str) -> Callable[[Sequence[str]], str]:
    """What picks the cell of a column that is always there out of a row."""
    at = table.index[column]
    if at is None:
        raise LookupError(column)
    return itemgetter(at)


def codes_among(texts: Collection[str]) -> dict[str, str | Problem]:
    """The certification codes in these cells, each in NFC."""
    return _read_once(texts, CERTIFICATION, read_code)


def _read_once(
    texts: Collection[str], column: str, read: Callable[[str, str], str | Problem]
) -> dict[str, str | Problem]:
    if all_plain(texts) and not any(text.startswith("'") for text in texts):
        return {text: text for text in texts}
    return {text: read(unguarded(text), column) for text in texts}


def _keys(table: Table, batch: Batch, people: People) -> Iterator[Key]:
    """The key of each row of the batch."""
    usernames = list(map(cell_of(table, USERNAME), batch.rows))
    codes = list(map(cell_of(table, CERTIFICATION), batch.rows))
    named, read = people.named(usernames), codes_among(set(codes))
    ids = (each.id if isinstance(each, Person) else None for each in map(named.__getitem__, usernames))
    good = {text: code if isinstance(code, str) else None for text, code in read.items()}
    return zip(ids, map(good.__getitem__, codes), strict=True)
