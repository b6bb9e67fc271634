"""Cells: the product of the axes, each with the values of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic
from graphexec.document.parameters import BadValue
from graphexec.sweep.axes import Axis, Given, Origin
from graphexec.sweep.subjects import Subject

if TYPE_CHECKING:
    from graphexec.api import Changes

MAX_CELLS = 10_000
"""The most cells of a sweep unless told otherwise: a guard against axes that multiply to more than was meant."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a sweep: its number from 1 on, the row that it takes of each axis, and its values by name."""

    number: int
    rows: tuple[int, ...]
    values: Mapping[str, Any]

    def changes(self, base: Changes, subjects: Mapping[str, Subject]) -> Changes:
        """Return `base` with the values of this cell."""
        made = base.copy()
        for name, value in self.values.items():
            match subjects[name].kind:
                case "parameter":
                    made["params"] = {**(made.get("params") or {}), name: value}
                case "input":
                    made["set"] = {**(made.get("set") or {}), name: value}
                case "seed":
                    made["seed"] = value
        return made


def count(axes: Sequence[Axis]) -> int:
    """Return how many cells axes make."""
    return prod(len(axis.rows) for axis in axes)


def check_count(axes: Sequence[Axis], most: int) -> list[Diagnostic]:
    """Return a finding if the axes make more cells than `most`, or none."""
    total = count(axes)
    if not axes:
        hint = "give --matrix, --zip or --from"
        return [Origin("<sweep>").report(codes.BAD_AXIS, "a sweep needs an axis", hint)]
    empty = [axis for axis in axes if not axis.rows]
    if empty:
        return [axis.origins[0].report(codes.BAD_AXIS, f'"{axis.names[0]}" has no values') for axis in empty]
    if total <= most:
        return []
    sizes = " x ".join(str(len(axis.rows)) for axis in axes)
    message = f"the axes make {total} cells ({sizes}); {most} are the most"
    return [axes[0].origins[0].report(codes.TOO_MANY_CELLS, message, f"--max-cells {total} allows them")]


def read_rows(
    axes: Sequence[Axis], subjects: Mapping[str, Subject]
) -> tuple[list[list[dict[str, Any] | None]], list[Diagnostic]]:
    """Return the values of every row of every axis by name, and a finding for each value that is not taken.

    A row with such a value is None: the others can be checked all the same.

    Values that are given twice are reported, too: their cells would be equal.
    """
    found: list[Diagnostic] = []
    read: list[list[dict[str, Any] | None]] = []
    for axis in axes:
        rows: list[dict[str, Any] | None] = []
        seen: dict[str, int] = {}
        for number, row in enumerate(axis.rows, 1):
            values, wrong = _row(axis, row, subjects)
            found += wrong
            rows.append(None if wrong else values)
            first = seen.setdefault(repr(values), number)
            if first != number and not wrong:
                origin = next((given.origin for given in row if given is not None), axis.origins[0])
                what = "value" if axis.kind == "matrix" else "row"
                found.append(origin.report(codes.BAD_AXIS, f"{what} {number} is the same as {what} {first}"))
        read.append(rows)
    return read, found


def _row(
    axis: Axis, row: Sequence[Given | None], subjects: Mapping[str, Subject]
) -> tuple[dict[str, Any], list[Diagnostic]]:
    values: dict[str, Any] = {}
    found: list[Diagnostic] = []
    for name, given in zip(axis.names, row, strict=True):
        if given is None or name not in subjects:
            continue
        try:
            values[name] = subjects[name].value(given)
        except BadValue as bad:
            found.append(given.origin.report(bad.code, f'"{name}": {bad}', bad.hint))
    return values, found


def cells(rows: Sequence[Sequence[Mapping[str, Any] | None]]) -> Iterator[Cell]:
    """Yield the cells of rows that could be read, in order: the first axis changes slowest."""
    for number, chosen in enumerate(product(*map(enumerate, rows)), 1):
        values: dict[str, Any] = {}
        for _, row in chosen:
            if row is None:
                break
            values |= row
        else:
            yield Cell(number, tuple(place for place, _ in chosen), values)
