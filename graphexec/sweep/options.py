"""Axes as options write them: `--matrix NAME=VALUES` and `--zip NAME=VALUES`."""

from __future__ import annotations

from collections.abc import Sequence

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic
from graphexec.document.command_line import CommandLineText
from graphexec.sweep.axes import Axis, Given, Origin, Text, joined
from graphexec.sweep.fields import BadField, records
from graphexec.sweep.ranges import BadRange, expand

Column = tuple[str, Origin, list[Given]]


def option_axes(matrix: Sequence[str], zipped: Sequence[str], most: int) -> tuple[tuple[Axis, ...], list[Diagnostic]]:
    """Return the axes of the options, in order, and everything that is wrong with them. No axis is over `most` long."""
    found: list[Diagnostic] = []
    axes: list[Axis] = []
    for text in matrix:
        if column := _column("--matrix", text, most, found):
            name, origin, values = column
            axes.append(Axis("matrix", (name,), (origin,), tuple((value,) for value in values)))
    columns = [column for text in zipped if (column := _column("--zip", text, most, found))]
    if len(columns) == len(zipped):
        together, unequal = joined(columns)
        axes += together
        found += unequal
    return tuple(axes), found


def _column(option: str, text: str, most: int, found: list[Diagnostic]) -> Column | None:
    """Return what an option says; None if it is malformed, which is added to `found`."""
    whole = Text(option, text)
    name, equals, _ = text.partition("=")
    if not equals or not name:
        found.append(whole.origin(0, len(text)).report(codes.BAD_AXIS, "expected NAME=VALUE,VALUE,..."))
        return None
    begin = len(name) + 1
    try:
        read = [field for record in records(text, ",", begin) for field in record]
    except BadField as bad:
        found.append(whole.origin(bad.start, len(text)).report(codes.BAD_AXIS, str(bad)))
        return None
    before = len(found)
    if not read:
        found.append(whole.origin(begin, begin).report(codes.BAD_AXIS, f'"{name}" has no values'))
    values: list[Given] = []
    for field in read:
        origin = whole.origin(field.start, field.end)
        if field.quoted:
            values.append(Given(field.text, origin))
        elif not field.text:
            hint = 'write "" for an empty text' if len(read) > 1 else None
            found.append(origin.report(codes.BAD_AXIS, "a value is missing between the commas", hint))
        else:
            try:
                numbers = expand(field.text, most)
            except BadRange as bad:
                found.append(origin.report(codes.BAD_AXIS, str(bad), "write a text that looks like a range in quotes"))
                continue
            values += (Given(CommandLineText(one), origin) for one in numbers or [field.text])
    if len(values) > most:
        found.append(whole.origin(begin, len(text)).report(codes.TOO_MANY_CELLS, _too_many(name, len(values), most)))
    return (name, whole.origin(0, len(name)), values) if len(found) == before else None


def _too_many(name: str, count: int, most: int) -> str:
    return f'"{name}" has {count} values; {most} cells are the most'
