"""Windows: a prompt's tokens in rows of 77 with start, end and padding, as CLIP text encoders take them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from torch import Tensor

from graphexec.diffusion.tokenizer import END, START

WINDOW = 77
LONG_GROUP = 8

Token: TypeAlias = tuple[int | Tensor, float]
"""A token, or an embedding `(D,)` in its place, and its weight."""
Window: TypeAlias = list[Token]


def windows(groups: Iterable[Sequence[Token]], pad: int) -> list[Window]:
    """Lay groups of tokens into windows.

    A group that does not fit moves to the next window whole; one of 8 or more tokens fills the window and goes on in
    the next. Every window starts with the start token and ends with the end token and padding.
    """
    rows: list[Window] = [[(START, 1.0)]]
    for group in groups:
        rest = list(group)
        while rest:
            room = WINDOW - 1 - len(rows[-1])
            if len(rest) > room:
                fits = room if len(group) >= LONG_GROUP else 0
                rows[-1] += rest[:fits]
                rest = rest[fits:]
                rows.append([(START, 1.0)])
            else:
                rows[-1] += rest
                rest = []
    return [_closed(row, pad) for row in rows]


def empty_window(pad: int) -> Window:
    """The window of an empty prompt."""
    return _closed([(START, 1.0)], pad)


def _closed(row: Window, pad: int) -> Window:
    closed: Window = [*row, (END, 1.0)]
    return closed + [(pad, 1.0)] * (WINDOW - len(closed))
