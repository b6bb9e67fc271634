"""Names of a cell's files, made of its values."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from graphexec.sweep.cells import Cell

_UNSAFE = re.compile(r"[^\w.+-]+")
_LONGEST_VALUE = 40
_LONGEST = 150
"""Bytes: file systems take 255, and a number and a suffix follow."""


def stems(cells: Sequence[Cell]) -> list[str]:
    """Return the file name of each cell, without suffix: `cfg=5,steps=20`.

    Characters that are not letters, digits or `_.+-` become `-`. Cells whose names would be equal, too long or empty
    are called by their number, `cell-0007`.
    """
    short = short_names(cells)
    named = [_stem(cell, short) for cell in cells]
    uses = Counter(name.casefold() for name in named)
    return [
        name if name and uses[name.casefold()] == 1 and len(name.encode()) <= _LONGEST else f"cell-{cell.number:04}"
        for name, cell in zip(named, cells, strict=True)
    ]


def short_names(cells: Sequence[Cell]) -> dict[str, str]:
    """Return the name of the input for `node.input`, unless two axes would be called so."""
    names = dict.fromkeys(name for cell in cells for name in cell.values)
    last = {name: name.rpartition(".")[2] for name in names}
    uses = Counter(last.values())
    return {name: short if uses[short] == 1 else name for name, short in last.items()}


def _stem(cell: Cell, short: dict[str, str]) -> str:
    return ",".join(f"{_safe(short[name])}={_safe(text_of(value))}" for name, value in cell.values.items())


def _safe(text: str) -> str:
    return _UNSAFE.sub("-", text[: _LONGEST_VALUE + 1]).strip("-")[:_LONGEST_VALUE]


def text_of(value: Any) -> str:
    """Return a value as text: a text itself, other values as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
