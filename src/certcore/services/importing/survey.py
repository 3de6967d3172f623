"""The first pass over a file: its digest, how many rows it has, and which keys come more than once (R-43, R-44)."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from attrs import field, frozen

from certcore.domain.cells import CERTIFICATION, USERNAME, Problem, all_plain, read_code, read_username
from certcore.domain.people import Person
from certcore.domain.spreadsheets import unguarded
from certcore.ports import Directory
from certcore.services.importing.table import Batch, Table

_TRIMMED_TOLD = 20
_MOST_REMEMBERED = 100_000

Key = tuple[str, str]
"""The matched learner's id and the certification's code: `Ana` and `Ana ` are one learner."""


@frozen
class People:
    """The people of a file, each asked for once: as many are remembered as fit into some tens of megabytes."""

    _directory: Directory
    _known: dict[str, Person] = field(factory=dict, init=False)

    def match(self, usernames: Collection[str]) -> Mapping[str, Person]:
        """The people with these usernames, and perhaps others."""
        missing = [username for username in usernames if username not in self._known]
        if not missing:
            return self._known
        found = self._directory.match(missing)
        if len(self._known) + len(found) > _MOST_REMEMBERED:
            self._known.clear()
            found = self._directory.match(list(usernames))
        self._known.update(found)
        return self._known


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

    Memory grows with the learners in the file and the repeated keys, not with its rows. Raises `UnreadableFile`.
    """
    rows = 0
    seen: dict[str, int] = {}
    bits: dict[str, int] = {}
    repeated: dict[Key, list[int]] = {}
    trimmed: dict[str, Problem] = {}
    for batch in table.batches():
        rows += len(batch.rows) + len(batch.bad)
        for text in _with_spaces(table, batch) if len(trimmed) < _TRIMMED_TOLD else ():
            trimmed[text] = Problem(USERNAME, text, "trimmed")
        for _, learner_id, code in _keys(table, batch, people):
            bit = bits.setdefault(code, 1 << len(bits))
            before = seen.get(learner_id, 0)
            if before & bit:
                repeated[learner_id, code] = []
            else:
                seen[learner_id] = before | bit
    if repeated:
        for batch in table.batches():
            for line, *key in _keys(table, batch, people):
                lines = repeated.get((key[0], key[1]))
                if lines is not None:
                    lines.append(line)
    return Survey(rows, repeated, list(trimmed.values())[:_TRIMMED_TOLD])


def _with_spaces(table: Table, batch: Batch) -> Iterator[str]:
    at = position(table, USERNAME)
    return (row[at] for row in batch.rows if row[at] != row[at].strip())


def usernames_in(table: Table, batch: Batch) -> dict[str, str | Problem]:
    """The usernames of a batch as they stand, each with the key under which the directory is asked."""
    return _read_once(table, batch, USERNAME, read_username)


def codes_in(table: Table, batch: Batch) -> dict[str, str | Problem]:
    """The certification codes of a batch as they stand, each in NFC."""
    return _read_once(table, batch, CERTIFICATION, read_code)


def position(table: Table, column: str) -> int:
    """Where a column that is always there stands in a row."""
    at = table.index[column]
    if at is None:
        raise LookupError(column)
    return at


def _read_once(
    table: Table, batch: Batch, column: str, read: Callable[[str, str], str | Problem]
) -> dict[str, str | Problem]:
    at = position(table, column)
    texts = {row[at] for row in batch.rows}
    if all_plain(texts) and not any(text.startswith("'") for text in texts):
        return {text: text for text in texts}
    return {text: read(unguarded(text), column) for text in texts}


def _keys(table: Table, batch: Batch, people: People) -> Iterator[tuple[int, str, str]]:
    usernames, codes = usernames_in(table, batch), codes_in(table, batch)
    matched = people.match({key for key in usernames.values() if isinstance(key, str)})
    ids = {text: matched[key].id for text, key in usernames.items() if isinstance(key, str) and key in matched}
    at_username, at_code = position(table, USERNAME), position(table, CERTIFICATION)
    for line, row in zip(batch.lines, batch.rows, strict=True):
        learner_id, code = ids.get(row[at_username]), codes.get(row[at_code])
        if learner_id is not None and isinstance(code, str):
            yield line, learner_id, code
