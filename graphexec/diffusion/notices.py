"""What the numerics tell the user about the node under way, such as that they work in tiles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_TELL: ContextVar[Callable[[str], None] | None] = ContextVar("tell", default=None)


@contextmanager
def heard_by(tell: Callable[[str], None]) -> Iterator[None]:
    """Let `tell` have the notices of the block."""
    token = _TELL.set(tell)
    try:
        yield
    finally:
        _TELL.reset(token)


def notice(message: str) -> None:
    """Tell whoever listens."""
    tell = _TELL.get()
    if tell is not None:
        tell(message)
