"""Names of output files: prefixes to folders, counters, and the files already there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from graphexec.errors import NodeError
from graphexec.files import safe_name, safe_prefix
from graphexec.report.patterns import Facts, expand

MOST_DIGITS = 12
"""Longer numbers are dates or hashes that somebody gave a file, not counters."""


@dataclass(frozen=True, slots=True)
class Series:
    """Files `<stem>_00001_<suffix>`, `<stem>_00002_<suffix>`, ... in a subfolder of the output directory.

    `subfolder` is relative, with `/`; empty for the directory itself.
    """

    output: Path
    subfolder: str
    stem: str
    suffix: str

    @property
    def folder(self) -> Path:
        """The folder the files lie in."""
        return self.output / self.subfolder

    def path(self, number: int) -> Path:
        """Return the path of a number."""
        return self.folder / f"{self.stem}_{number:05}_{self.suffix}"


def series_of(prefix: str, suffix: str, output: Path, facts: Facts, batch_index: int = 0, below: str = "") -> Series:
    """Return the series that a filename prefix names, inside `output` / `below`.

    Patterns are replaced (`patterns.expand`; `%batch_num%` in the file name only). Raises NodeError for a prefix
    that leads out of the output directory, or that no system could write.
    """
    *folders, stem = safe_name(expand(safe_prefix(prefix), facts)).split("/")
    stem = stem.replace("%batch_num%", str(batch_index))
    return Series(output, "/".join(filter(None, (below, *folders))), stem, suffix)


def prepare(series: Series) -> None:
    """Make the folder of a series. Raises NodeError when a link on the way leads out of the output directory."""
    folder = series.output
    folder.mkdir(parents=True, exist_ok=True)
    inside = folder.resolve()
    for part in filter(None, series.subfolder.split("/")):  # one by one, because mkdir would follow a link
        folder = folder / part
        if not folder.resolve().is_relative_to(inside):
            raise NodeError(f"{folder} is a link that leads out of the output directory {series.output}")
        folder.mkdir(exist_ok=True)


def numbered(series: Series) -> list[tuple[int, Path]]:
    """Return the files of the series with their numbers, ascending, whatever their suffix.

    An entry belongs to the series when its name starts with the stem and `_`, names compared as the system does
    (without case on Windows). What follows up to the next `_` is its number, or 0 if that is none.
    """
    start = os.path.normcase(series.stem + "_")
    found: list[tuple[int, Path]] = []
    with os.scandir(series.folder) as entries:
        for entry in entries:
            if os.path.normcase(entry.name).startswith(start):
                digits = entry.name[len(start) :].split("_", 1)[0]
                number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS else 0
                found.append((number, Path(entry.path)))
    return sorted(found)
