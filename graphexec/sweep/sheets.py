"""Contact sheets of a sweep: which cell stands where, and what the labels say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from graphexec.diagnostics.sanitize import visible
from graphexec.files.atomic import replace_file
from graphexec.sweep.axes import Axis
from graphexec.sweep.naming import short_names, text_of
from graphexec.sweep.plan import PlannedCell, SweepPlan
from graphexec.sweep.records import CellRecord

if TYPE_CHECKING:
    from graphexec.imaging.contact_sheet import Sheet, Tile

_PICTURES = (".png", ".webp")
_STEM = "contact-sheet"


def write_sheets(folder: Path, plan: SweepPlan, records: Mapping[int, CellRecord], name: str) -> tuple[Path, ...]:
    """Draw the sheets into a folder and return their paths; none when no cell has a picture.

    One axis: its cells in reading order. Two: rows and columns. More: the last two are rows and columns, and each
    combination of the others has a sheet of its own. Sheets of an earlier run that are too many go.
    """
    paths: list[Path] = []
    if any(_picture(folder, record) for record in records.values()):
        from graphexec.imaging.contact_sheet import draw

        for number, sheet in enumerate(_sheets(folder, plan, records, name), 1):
            path = folder / (f"{_STEM}.png" if number == 1 else f"{_STEM}-{number}.png")
            replace_file(path, draw(sheet))
            paths.append(path)
    for path in folder.glob(f"{_STEM}*.png"):
        if path not in paths:
            path.unlink()
    return tuple(paths)


def _sheets(folder: Path, plan: SweepPlan, records: Mapping[int, CellRecord], name: str) -> Iterator[Sheet]:
    from graphexec.imaging.contact_sheet import Sheet

    labels = _labels(plan)
    at = {planned.cell.rows: planned for planned in plan.cells}
    sizes = [len(axis.rows) for axis in plan.axes]

    def tile(rows: tuple[int, ...], caption: str = "") -> Tile:
        return _tile(folder, records[at[rows].cell.number], caption)

    if len(sizes) == 1:
        columns = min(sizes[0], max(ceil(sqrt(sizes[0] * 1.5)), 1))
        tiles: list[Tile | None] = [tile((row,), labels[0][row]) for row in range(sizes[0])]
        tiles += [None] * (-len(tiles) % columns)
        yield Sheet([tiles[start : start + columns] for start in range(0, len(tiles), columns)], visible(name))
        return
    for outer in product(*(range(size) for size in sizes[:-2])):
        title = "\n".join([visible(name), *(labels[axis][row] for axis, row in enumerate(outer))])
        grid = [[tile((*outer, row, column)) for column in range(sizes[-1])] for row in range(sizes[-2])]
        yield Sheet(grid, title, labels[-1], labels[-2])


def _labels(plan: SweepPlan) -> list[list[str]]:
    """Return the label of every row of every axis: `cfg = 5`, one line for each name."""
    short = short_names([planned.cell for planned in plan.cells])
    first: dict[tuple[int, int], PlannedCell] = {}
    for planned in plan.cells:
        for axis, row in enumerate(planned.cell.rows):
            first.setdefault((axis, row), planned)
    return [
        [_label(axis, first[number, row], short) for row in range(len(axis.rows))]
        for number, axis in enumerate(plan.axes)
    ]


def _label(axis: Axis, planned: PlannedCell, short: Mapping[str, str]) -> str:
    values = planned.cell.values
    told = (f"{visible(short[n])} = {visible(text_of(values[n]))}" for n in axis.names if n in values)
    return "\n".join(told) or "unchanged"


def _tile(folder: Path, record: CellRecord, caption: str) -> Tile:
    from graphexec.imaging.contact_sheet import Tile

    note = visible(record.error or "") if record.status == "failed" else "no picture"
    return Tile(_picture(folder, record), note, caption)


def _picture(folder: Path, record: CellRecord) -> Path | None:
    names: Sequence[str] = [file.name for file in record.files if file.name.lower().endswith(_PICTURES)]
    return folder / names[0] if names else None
