"""Ctrl-C, SIGTERM and the deadline during a run: first politely, then by force, last at once."""

from __future__ import annotations

import os
import signal
from types import CodeType, FrameType, TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self

if TYPE_CHECKING:
    from graphexec.execute.cancel import Cancel

GRACE = 2.0
"""Seconds that a node has to notice that the run is to stop, before it is stopped wherever it is."""

_REPEAT = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_HAS_TIMER = hasattr(signal, "setitimer")


class Stopping:
    """A context in which signals stop the run that `cancel` belongs to. To be used in the main thread.

    The first signal sets `cancel`, which nodes check at every step. A node that does not check is stopped by an
    exception after GRACE seconds, and so is one that runs past the deadline; between nodes nothing is, so that
    results get written. The second signal stops the run wherever it is.
    """

    def __init__(self, cancel: Cancel) -> None:
        from graphexec.execute.calls import Caller

        self._cancel = cancel
        self._node_code: CodeType = Caller.start.__code__
        self._asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        if _HAS_TIMER:
            self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._on_alarm)
            if (left := self._cancel.seconds_left) is not None:
                signal.setitimer(signal.ITIMER_REAL, max(left, 0) + GRACE, _REPEAT)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if _HAS_TIMER:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        self._cancel.set(f"interrupted by {signal.Signals(number).name}")
        os.write(2, b"stopping after this step; press Ctrl-C again to stop at once\n")  # print is not reentrant
        if _HAS_TIMER:
            signal.setitimer(signal.ITIMER_REAL, GRACE, _REPEAT)

    def _on_alarm(self, number: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code is self._node_code:
                self._cancel.check()
            frame = frame.f_back


def terminate(number: int, frame: FrameType | None) -> NoReturn:
    """Handle SIGTERM where there is nothing to finish: as Ctrl-C is."""
    raise KeyboardInterrupt
