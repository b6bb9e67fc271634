"""Reading JSON of doubtful shape: each helper returns a value of the kind asked for, and reports any other kind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Path, Place
from graphexec.diagnostics.sanitize import shown
from graphexec.document.editor.model import Box
from graphexec.document.editor.schemas import WILDCARD


class Findings(list[Diagnostic]):
    """What is wrong with a file, in the order it was seen."""

    def wrong(self, path: Path, expected: str, value: Any, code: str = codes.BAD_FIELD) -> None:
        """Report a value of the wrong kind."""
        name = next((f'"{key}"' for key in reversed(path) if isinstance(key, str)), "the workflow")
        self.append(codes.report(code, f"{name} must be {expected}, not {shown(value)}", Place(path)))


def items(value: Any, path: Path, found: Findings) -> Iterator[tuple[Any, Path]]:
    """Yield the elements of a list with their paths; null elements and a missing list are none."""
    if value is None:
        return
    if not isinstance(value, list):
        found.wrong(path, "a list", value)
        return
    for index, item in enumerate(value):
        if item is not None:
            yield item, (*path, index)


def mapping(value: Any, path: Path, found: Findings) -> Mapping[str, Any]:
    """Return a mapping; a missing one is empty."""
    if isinstance(value, dict):
        return value
    if value is not None:
        found.wrong(path, "a mapping", value)
    return {}


def key_text(value: Any) -> str | None:
    """Return the id of a node or link as text (`12` for 12, 12.0 and "12"), or None for what is no id."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return str(int(value)) if isinstance(value, int) or value.is_integer() else None


def index_of(value: Any) -> int | None:
    """Return a slot index, or None for what is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def text(value: Any) -> str | None:
    """Return a text that is not empty, or None."""
    return value if isinstance(value, str) and value else None


def type_name(value: Any) -> str:
    """Return a socket type as files write it: a text, a list of choices (a combo), or 0 for any type."""
    if isinstance(value, list):
        return "COMBO"
    if isinstance(value, str) and value:
        return value
    return "-1" if value == -1 else WILDCARD


def box(position: Any, size: Any) -> Box | None:
    """Return a rectangle from two pairs of numbers, each a list or a mapping with the keys "0" and "1"."""
    first, second = _pair(position), _pair(size)
    return Box(*first, *second) if first and second else None


def _pair(value: Any) -> tuple[float, float] | None:
    if isinstance(value, dict):
        value = [value.get("0"), value.get("1")]
    if not isinstance(value, list) or len(value) < 2:
        return None
    x, y = value[0], value[1]
    return (float(x), float(y)) if _is_length(x) and _is_length(y) else None


def _is_length(value: Any) -> bool:
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e15
    )
