"""What became of a sweep's cells: records of cells and their files, and the result of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from graphexec.sweep.plan import Counts

Status: TypeAlias = Literal["pending", "done", "failed"]


@dataclass(frozen=True, slots=True)
class CellFile:
    """A file of a cell: its name in the sweep's folder, the node that made it, and the BLAKE3 digest of its bytes."""

    name: str
    node: str
    digest: str


@dataclass(frozen=True, slots=True)
class CellRecord:
    """What became of one cell.

    `key` is the digest of all that its files depend on. `executed` and `reused` count nodes; `error` says why it
    failed; `earlier` that it was done before this run of the sweep.
    """

    number: int
    key: str
    values: Mapping[str, Any]
    status: Status = "pending"
    files: tuple[CellFile, ...] = ()
    seconds: float | None = None
    executed: int = 0
    reused: int = 0
    error: str | None = None
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class SweepResult:
    """The outcome of a sweep: records in the order of the cells, and the contact sheets.

    `counts` is what was planned, without the cells that were done earlier.
    """

    folder: Path
    cells: tuple[CellRecord, ...]
    sheets: tuple[Path, ...]
    counts: Counts
    seconds: float

    @property
    def failed(self) -> tuple[CellRecord, ...]:
        """The cells that failed."""
        return tuple(cell for cell in self.cells if cell.status == "failed")

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of all cells that are done, in their order."""
        return tuple(self.folder / file.name for cell in self.cells for file in cell.files)
