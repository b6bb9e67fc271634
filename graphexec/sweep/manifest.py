"""The manifest of a sweep, `sweep.json` and `sweep.csv`: which cells are done, with what files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from graphexec.errors import UsageError
from graphexec.files.atomic import replace_file
from graphexec.hashing import digest_bytes
from graphexec.sweep.naming import text_of
from graphexec.sweep.records import CellFile, CellRecord

SCHEMA = 1
JSON, CSV = "sweep.json", "sweep.csv"
ASIDE = ".*.part"
"""Files that are being written."""

_COLUMNS = ("status", "files", "seconds", "executed", "reused", "error")


class Manifest:
    """Records of all cells by number, written whole and by rename whenever one changes.

    `header` is what does not change: the workflow and the axes.
    """

    def __init__(self, folder: Path, header: Mapping[str, Any], records: Sequence[CellRecord]) -> None:
        self.folder = folder
        self.records = {record.number: record for record in records}
        self._names = tuple(dict.fromkeys(name for record in records for name in record.values))
        fields = {"schema_version": SCHEMA, **header}
        self._head = "".join(f' "{name}": {_json(value)},\n' for name, value in fields.items())
        self._rows = {number: self._row(record) for number, record in self.records.items()}

    def put(self, record: CellRecord) -> None:
        """Replace the record of a cell, and write."""
        self.records[record.number] = record
        self._rows[record.number] = self._row(record)
        self.write()

    def write(self) -> None:
        """Write both files, the one that says what is done first. A process that is killed leaves none torn."""
        rows = self._rows.values()
        cells = ",\n".join(f"  {row}" for row, _ in rows)
        self._replace(JSON, f'{{\n{self._head} "cells": [\n{cells}\n ]\n}}\n')
        self._replace(CSV, self._csv_head() + "".join(row for _, row in rows))

    def _replace(self, name: str, text: str) -> None:
        """Write a file; half a character, as a command line may hold, becomes its escape."""
        replace_file(self.folder / name, text.encode(errors="backslashreplace"))

    def _csv_head(self) -> str:
        return _csv_line(["cell", *self._names, *_COLUMNS])

    def _row(self, record: CellRecord) -> tuple[str, str]:
        """Return the record as it stands in the JSON file and in the table."""
        fields = asdict(record)
        del fields["earlier"]
        values = [text_of(record.values[name]) if name in record.values else "" for name in self._names]
        names = " ".join(file.name for file in record.files)
        told = [record.status, names, record.seconds, record.executed, record.reused, record.error]
        return _json(fields), _csv_line([record.number, *values, *("" if item is None else item for item in told)])


def read_manifest(folder: Path) -> list[CellRecord] | None:
    """Return the records of the sweep that lies in a folder, None if there is none. Raises UsageError for other things.

    A folder that holds files but no sweep is refused, so that nothing of somebody else's is written over.
    """
    path = folder / JSON
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema_version"] != SCHEMA:
            raise ValueError(f"it has schema version {data['schema_version']}, not {SCHEMA}")
        return [_record(cell) for cell in data["cells"]]
    except (FileNotFoundError, NotADirectoryError):
        if folder.exists() and not (folder.is_dir() and all(entry.name.startswith(".") for entry in folder.iterdir())):
            raise UsageError(f"{folder} is there and holds no sweep; choose another --name") from None
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is not the manifest of a sweep ({error}); choose another --name") from None


def _record(cell: Mapping[str, Any]) -> CellRecord:
    files = tuple(CellFile(**file) for file in cell["files"])
    if any("/" in file.name or "\\" in file.name or file.name.startswith(".") for file in files):
        raise ValueError("it names a file outside of its folder")
    return replace(CellRecord(**{**cell, "files": ()}), files=files)


def holds(folder: Path, record: CellRecord) -> bool:
    """Whether a cell is done and all its files are there with the contents that were recorded."""
    if record.status != "done":
        return False
    try:
        return all(digest_bytes((folder / file.name).read_bytes()) == file.digest for file in record.files)
    except OSError:
        return False


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _csv_line(fields: Sequence[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(fields)
    return buffer.getvalue()
