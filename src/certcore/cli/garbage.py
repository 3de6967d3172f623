"""The garbage collector, out of the way while much is loaded."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collection_paused() -> Iterator[None]:
    """No cycles are looked for meanwhile; afterwards as before."""
    # Every look goes over all that a long load has in memory, which makes its time grow faster than its rows. It is the
    # process that is set, so the command line may do it, and a service inside a host's process may not.
    was_enabled = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()
