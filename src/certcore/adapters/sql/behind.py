"""One thread that does what it is given in order, while who gives it makes what comes next."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

Work = Callable[[], None]

_MOST_WAITING: Final = 6


@contextmanager
def one_after_another(stop: Work) -> Iterator[Callable[[Work], None]]:
    """What the block gives is done in a thread, a piece at a time; when the block is left, nothing goes on.

    The first error of a piece is raised where the block gives a later one, or at its end. When the block itself fails,
    ``stop`` is called to cut short what is being done, and nothing that waits is begun.
    """
    waiting: deque[Future[None]] = deque()

    def give(work: Work) -> None:
        if len(waiting) == _MOST_WAITING:
            waiting.popleft().result()
        waiting.append(thread.submit(work))

    with ThreadPoolExecutor(1, "certcore-storing") as thread:
        try:
            yield give
            while waiting:
                waiting.popleft().result()
        except BaseException:
            thread.shutdown(wait=False, cancel_futures=True)
            if not all(each.done() for each in waiting):
                stop()
            raise
