"""Parts of a batch that are stored while the next are made: nothing is lost, out of order, or left running."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from certcore.adapters.sql import SqlStorage
from certcore.adapters.sql.behind import one_after_another
from certcore.domain.issuing import Issued
from certcore.errors import Conflict
from certcore.testing.builders import make_certification
from certcore.testing.storage.issuing import awards_of, issued_to


def nothing() -> None:
    """There is nothing to stop."""


def storing() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("certcore-storing")]


def test_pieces_are_done_in_order_by_one_thread_that_ends_with_the_block() -> None:
    done: list[tuple[int, int]] = []
    with one_after_another(nothing) as give:
        for number in range(50):
            give(lambda number=number: done.append((number, threading.get_ident())))  # type: ignore[misc]
    assert [number for number, _ in done] == list(range(50))
    assert len({thread for _, thread in done} - {threading.get_ident()}) == 1
    assert not storing()


def test_an_error_is_raised_to_who_gives_and_what_waits_behind_it_is_not_asked_for() -> None:
    """The first of several errors; giving more does not go on for ever."""
    given = 0

    def broken(number: int) -> Callable[[], None]:
        def work() -> None:
            raise LookupError(number)

        return work

    with pytest.raises(LookupError, match="0"), one_after_another(nothing) as give:
        for number in range(1_000):
            give(broken(number))
            given += 1
    assert given < 20
    assert not storing()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_block_that_fails_stops_what_is_being_done(error: type[BaseException]) -> None:
    """What waits is never begun, and the block's own error passes on."""
    stopped, begun = threading.Event(), threading.Event()
    done: list[str] = []

    def first() -> None:
        begun.set()
        assert stopped.wait(30)
        done.append("first")

    with pytest.raises(error), one_after_another(stopped.set) as give:
        give(first)
        give(lambda: done.append("second"))
        begun.wait(30)
        raise error
    assert done == ["first"]
    assert not storing()


@pytest.fixture
def storage(postgres_url: str) -> Iterator[SqlStorage]:
    """A tenant of its own on PostgreSQL, where large parts are stored by a thread."""
    kept = SqlStorage(postgres_url, tenant=f"behind {time.monotonic_ns()}")
    kept.upgrade()
    yield kept
    kept.close()


def test_a_part_that_fails_to_be_made_does_not_wait_for_a_lock(storage: SqlStorage) -> None:
    """The statement that waits for another transaction is cut short; the transaction is as it was before."""
    certification = make_certification()
    with storage.transaction() as tx:
        tx.certifications.add(certification)
    parts = issued_to(certification, 3_000)

    def interrupted() -> Iterator[Issued]:
        yield parts[0]
        time.sleep(0.5)  # until the first part waits for the other transaction
        raise KeyboardInterrupt

    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with suppress(LookupError), storage.transaction() as tx:
            tx.issue(parts[:1])
            holding.set()
            release.wait(60)
            raise LookupError("rolls back")

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert holding.wait(30)
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt), storage.transaction() as tx:
            tx.issue(interrupted())
        assert time.monotonic() - began < 20
    finally:
        release.set()
        other.join()
    assert not storing()
    with storage.transaction() as tx:
        tx.issue(parts)
        assert len(tx.awards.by_id([award.id for award in awards_of(parts)])) == 3_000


def test_who_catches_the_conflict_of_a_later_part_can_go_on_from_the_savepoint(storage: SqlStorage) -> None:
    certification = make_certification()
    parts = issued_to(certification, 6_000)

    with storage.transaction() as tx:
        tx.certifications.add(certification)
        with pytest.raises(Conflict), storage.transaction() as inner:
            inner.issue([*parts, parts[0]])
        tx.issue(parts)
        assert len(tx.history.of([award.id for award in awards_of(parts)])) == 6_000
    assert not storing()
