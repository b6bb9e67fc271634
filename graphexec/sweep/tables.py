"""Tables in files: CSV, TSV and JSON Lines, each row a set of values, each column named by what it sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic
from graphexec.document.command_line import CommandLineText
from graphexec.document.json_text import parse_json
from graphexec.document.text import Lines
from graphexec.document.text_files import decode_text, read_bytes
from graphexec.errors import InvalidWorkflow
from graphexec.sweep.axes import Axis, Given, Origin, Text
from graphexec.sweep.fields import BadField, Field, records

_SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
_LINES = (".jsonl", ".ndjson")
_LINE = re.compile(r"[^\r\n]+")


def read_table(path: str, most: int) -> tuple[Axis | None, list[Diagnostic]]:
    """Return the axis of a table file, None if it is malformed, and everything that is wrong with it.

    The suffix tells the form: `.csv`, `.tsv` or `.tab`, `.jsonl` or `.ndjson`. At most `most` rows.
    """
    suffix = PurePath(path).suffix.lower()
    if suffix not in _SEPARATORS and suffix not in _LINES:
        hint = "tables end in .csv, .tsv, .tab, .jsonl or .ndjson"
        message = f'the name of a table ends in "{suffix}", which tells no form'
        return None, [Origin(path).report(codes.BAD_TABLE, message, hint)]
    try:
        whole = Text(path, decode_text(read_bytes(path, path), path))
    except InvalidWorkflow as error:
        return None, list(error.diagnostics)
    axis, found = _separated(whole, _SEPARATORS[suffix]) if suffix in _SEPARATORS else _json_lines(whole)
    if axis is not None and len(axis.rows) > most:
        message = f"the table has {len(axis.rows)} rows; {most} cells are the most"
        return None, [*found, Origin(path).report(codes.TOO_MANY_CELLS, message)]
    return axis, found


def _separated(whole: Text, separator: str) -> tuple[Axis | None, list[Diagnostic]]:
    place = _Places(whole)
    try:
        read = list(records(whole.text, separator))
    except BadField as bad:
        return None, [place.of(bad.start, bad.start + 1).report(codes.BAD_TABLE, str(bad))]
    if len(read) < 2:
        message = "the table has no rows" if read else "the table is empty"
        return None, [Origin(whole.name).report(codes.BAD_TABLE, message, "its first line names the columns")]
    header, *lines = read
    found = [place.field(field).report(codes.BAD_TABLE, "a column has no name") for field in header if not field.text]
    rows: list[tuple[Given | None, ...]] = []
    for line in lines:
        if len(line) != len(header):
            origin = place.of(line[0].start, line[-1].end)
            message = f"this row has {len(line)} fields, the first line names {len(header)}"
            found.append(origin.report(codes.BAD_TABLE, message, _mend(line, header, separator)))
        rows.append(tuple(_given(field, place.field(field)) for field in line))
    names = tuple(field.text for field in header)
    return (None if found else Axis("table", names, tuple(map(place.field, header)), tuple(rows))), found


def _given(field: Field, origin: Origin) -> Given | None:
    """Return the value of a field: nothing if it is empty, a text if it is in quotes."""
    if field.quoted:
        return Given(field.text, origin)
    return Given(CommandLineText(field.text), origin) if field.text else None


def _mend(line: Sequence[Field], header: Sequence[Field], separator: str) -> str | None:
    if separator == "," and len(line) > len(header):
        return "write a value that holds commas in double quotes"
    return None


def _json_lines(whole: Text) -> tuple[Axis | None, list[Diagnostic]]:
    found: list[Diagnostic] = []
    rows: list[tuple[dict[str, Any], Origin]] = []
    place = _Places(whole)
    for line in _LINE.finditer(whole.text):
        if not line[0].strip():
            continue
        origin = place.of(line.start(), line.end())
        parsed = parse_json(line[0])
        found += (origin.found(replace(finding, related=())) for finding in parsed.diagnostics)
        if parsed.usable and not isinstance(parsed.value, dict):
            found.append(origin.report(codes.BAD_TABLE, "each line of the table is a JSON mapping"))
        elif parsed.usable:
            rows.append((parsed.value, origin))
    if not rows and not found:
        found.append(Origin(whole.name).report(codes.BAD_TABLE, "the table is empty"))
    names = tuple(dict.fromkeys(name for row, _ in rows for name in row))
    first = {name: origin for row, origin in reversed(rows) for name in row}
    cells = tuple(tuple(Given(row[n], origin) if n in row else None for n in names) for row, origin in rows)
    return (None if found else Axis("table", names, tuple(first[name] for name in names), cells)), found


class _Places:
    """Origins in one text, whose lines are counted once."""

    def __init__(self, whole: Text) -> None:
        self._name = whole.name
        self._lines = Lines(whole.text)

    def of(self, start: int, end: int) -> Origin:
        """Return the origin of the characters `start` to `end` (exclusive)."""
        span = self._lines.span(start, end)
        return Origin(self._name, span, self._lines.line(span.line))

    def field(self, field: Field) -> Origin:
        """Return the origin of a field."""
        return self.of(field.start, field.end)
