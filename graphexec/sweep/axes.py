"""Axes as they were given: names, rows of values, and where each was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Span
from graphexec.document.text import Lines

Kind: TypeAlias = Literal["matrix", "zip", "table"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a name or value was written: the option, argument or file, and the place in its text if it has one."""

    file: str
    span: Span | None = None
    excerpt: str | None = None

    def report(self, code: str, message: str, hint: str | None = None) -> Diagnostic:
        """Return a finding about this place."""
        return self.found(codes.report(code, message, hint=hint))

    def found(self, finding: Diagnostic) -> Diagnostic:
        """Return a finding that was made elsewhere as one about this place."""
        return replace(finding, file=self.file, span=self.span, excerpt=self.excerpt)


@dataclass(frozen=True, slots=True)
class Text:
    """An option or a file with values, for `origin` to tell where they stand."""

    name: str
    text: str

    def origin(self, start: int, end: int) -> Origin:
        """Return the origin of the characters `start` to `end` (exclusive)."""
        lines = Lines(self.text)
        span = lines.span(start, end)
        return Origin(self.name, span, lines.line(span.line))


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was given. A `CommandLineText` is read as its name demands; everything else is meant as it is."""

    value: Any
    origin: Origin


@dataclass(frozen=True, slots=True)
class Axis:
    """Names that vary together, row by row; None in a row leaves the workflow's own value.

    The axes of a sweep are multiplied. A matrix axis has one name; zipped ones and a table have several.
    """

    kind: Kind
    names: tuple[str, ...]
    origins: tuple[Origin, ...]
    rows: tuple[tuple[Given | None, ...], ...]


def matrix_axes(matrix: Mapping[str, Iterable[Any]]) -> tuple[Axis, ...]:
    """Return one axis for each name of a Python mapping."""
    axes: list[Axis] = []
    for name, values in matrix.items():
        origin = Origin(f"matrix[{name!r}]")
        axes.append(Axis("matrix", (name,), (origin,), tuple((Given(value, origin),) for value in values)))
    return tuple(axes)


def zip_axes(zipped: Mapping[str, Sequence[Any]]) -> tuple[tuple[Axis, ...], list[Diagnostic]]:
    """Return the one axis of names that vary together, as a Python mapping gives them; none for an empty one."""
    columns = [(name, Origin(f"zip[{name!r}]")) for name in zipped]
    return joined([(name, origin, [Given(value, origin) for value in zipped[name]]) for name, origin in columns])


def joined(columns: Sequence[tuple[str, Origin, Sequence[Given]]]) -> tuple[tuple[Axis, ...], list[Diagnostic]]:
    """Return the axis of columns that go hand in hand, and a finding for each that is longer or shorter."""
    if not columns:
        return (), []
    first, _, values = columns[0]
    found = [
        origin.report(codes.UNEQUAL_ZIP, f'"{name}" has {len(others)} values, "{first}" has {len(values)}')
        for name, origin, others in columns[1:]
        if len(others) != len(values)
    ]
    if found:
        return (), found
    rows = tuple(zip(*(values for _, _, values in columns), strict=True))
    return (Axis("zip", tuple(c[0] for c in columns), tuple(c[1] for c in columns), rows),), []


def row_axis(rows: Sequence[Mapping[str, Any]]) -> Axis:
    """Return the axis of a table given as Python mappings; a row that lacks a name leaves the workflow's value."""
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    origins = [Origin(f"table[{number}]") for number in range(len(rows))]
    cells = tuple(
        tuple(Given(row[name], origin) if name in row else None for name in names)
        for row, origin in zip(rows, origins, strict=True)
    )
    return Axis("table", names, tuple(Origin("table") for _ in names), cells)
