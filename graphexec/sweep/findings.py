"""Findings of many cells as findings of one sweep: each once, about the value or row that causes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Path, Severity
from graphexec.diagnostics.sanitize import shown
from graphexec.document.locate import OVERRIDES
from graphexec.sweep.axes import Axis, Origin
from graphexec.sweep.cells import Cell
from graphexec.sweep.subjects import Subject


class CellFindings:
    """Collects what `Session.build` finds in each cell."""

    def __init__(self, axes: Sequence[Axis], subjects: Mapping[str, Subject]) -> None:
        self._axes = axes
        self._names: dict[Path, str] = {path: s.name for s in subjects.values() for path in s.paths}
        self._cells = 0
        self._found: dict[Any, tuple[Diagnostic, list[Cell], bool]] = {}

    def add(self, cell: Cell, findings: Sequence[Diagnostic]) -> None:
        """Take the findings of one cell."""
        self._cells += 1
        for finding in findings:
            about = self._about_axis(cell, finding)
            told = about or finding
            key = (told.code, told.message, told.file, told.span, told.place)
            self._found.setdefault(key, (told, [], about is not None))[1].append(cell)

    def result(self) -> list[Diagnostic]:
        """Return each finding once; one that only some cells have, and no single value causes, names a cell."""
        return [
            finding if about_axis or len(cells) == self._cells else _named(finding, cells)
            for finding, cells, about_axis in self._found.values()
        ]

    def _about_axis(self, cell: Cell, finding: Diagnostic) -> Diagnostic | None:
        """Return a finding about a value of an axis as one about where that was written; None for others."""
        if finding.file != OVERRIDES:
            return None
        name = self._name(finding.place.path)
        origin = None if name is None else self._origin(cell, name)
        if origin is None:
            return None
        if finding.code == codes.UNDECLARED_INPUT:  # of one value it is a warning; an axis without effect is a mistake
            message = finding.message.removesuffix("; the value is ignored")
            finding = replace(finding, code=codes.AXIS_NAMES_NOTHING, severity=Severity.ERROR, message=message)
        return origin.found(finding)

    def _name(self, path: Path) -> str | None:
        return next((self._names[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self._names), None)

    def _origin(self, cell: Cell, name: str) -> Origin | None:
        for axis, row in zip(self._axes, cell.rows, strict=True):
            if name in axis.names:
                given = axis.rows[row][axis.names.index(name)]
                return given.origin if given is not None else None
        return None


def _named(finding: Diagnostic, cells: Sequence[Cell]) -> Diagnostic:
    more = f"; {len(cells) - 1} more alike" if len(cells) > 1 else ""
    return replace(finding, message=f"{finding.message} (cell {cells[0].number}: {label(cells[0])}{more})")


def label(cell: Cell) -> str:
    """Return the values of a cell for a person, safe to show."""
    return ", ".join(f"{name} = {shown(value)}" for name, value in cell.values.items())
