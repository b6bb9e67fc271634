"""The cyclic garbage collector, out of the way of large immutable structures: it would scan them and find nothing."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Thread(threading.local):
    """Whether this thread has switched the collector off."""

    paused = False


_thread = _Thread()


@contextmanager
def collector_paused(paused: bool = True) -> Iterator[None]:
    """Keep the collector from running while something large is built: it would scan it again and again.

    Nor is it scanned as soon as the pause is over, as if it were young: what was built waits for a full collection.
    """
    if not paused or not gc.isenabled():
        yield
        return
    gc.disable()
    _thread.paused = True
    try:
        yield
    finally:
        _thread.paused = False
        if not gc.get_freeze_count():  # else the host, or a run in another thread, has frozen what there is
            gc.freeze()
            gc.unfreeze()  # into the oldest generation
        gc.enable()


@contextmanager
def collector_resumed() -> Iterator[None]:
    """Let the collector run again inside a pause, over what is made from now on: what is there stays until the end.

    Does nothing where the collector was off before the pause.
    """
    if not _thread.paused:
        yield
        return
    freezes = not gc.get_freeze_count()
    if freezes:
        gc.freeze()
    gc.enable()
    try:
        yield
    finally:
        if freezes:
            gc.unfreeze()
