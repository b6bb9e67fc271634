"""The folder of a sweep: one process at a time, what an earlier run left, and the cells' files under their names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from graphexec.errors import NodeError, UsageError
from graphexec.files import safe_name
from graphexec.hashing import digest_bytes
from graphexec.sweep.cell_run import CellOutcome
from graphexec.sweep.manifest import ASIDE, holds
from graphexec.sweep.records import CellFile, CellRecord

STAGING = ".staging"
_LOCK = ".lock"


def folder_of(output: Path, name: str) -> Path:
    """Return the folder of a sweep. Raises UsageError for a name that leads out of the output directory."""
    try:
        return output / safe_name(name)
    except NodeError as error:
        raise UsageError(str(error)) from None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; made if need be. Raises UsageError when another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o666)
    try:
        _lock(descriptor, folder)
        _sweep_up(folder)
        yield
        _sweep_up(folder)
    finally:
        os.close(descriptor)


def _sweep_up(folder: Path) -> None:
    """Remove what a process that was killed had begun."""
    shutil.rmtree(folder / STAGING, ignore_errors=True)
    for path in folder.glob(ASIDE):
        path.unlink()


def _lock(descriptor: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: two sweeps into one folder are the user's to avoid
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise UsageError(f"another process runs a sweep in {folder}") from None


def settle_earlier(
    folder: Path, records: Sequence[CellRecord], stems: dict[int, str], earlier: Sequence[CellRecord], fresh: bool
) -> list[CellRecord]:
    """Return the records with what an earlier run has done, and remove the files of cells that must run again.

    Raises UsageError when files of cells lie there that this sweep does not have, unless `fresh`.
    """
    keys = {record.key for record in records}
    strange = [old for old in earlier if old.status == "done" and old.key not in keys]
    if strange and not fresh:
        raise UsageError(
            f"{folder} holds another sweep ({len(strange)} of its cells are not in this one); "
            "choose another --name, or remove its files with --fresh"
        )
    done = {} if fresh else {old.key: old for old in earlier if holds(folder, old)}
    made: list[CellRecord] = []
    for record in records:
        old = done.get(record.key)
        if old is not None and all(_is_named(file.name, stems[record.number]) for file in old.files):
            record = CellRecord(
                record.number, record.key, record.values, "done", old.files, old.seconds, old.executed, old.reused,
                earlier=True,
            )  # fmt: skip
        made.append(record)
    kept = {file.name for record in made for file in record.files}
    for old in earlier:
        for file in old.files:
            if file.name not in kept:
                (folder / file.name).unlink(missing_ok=True)
    return made


def publish(folder: Path, record: CellRecord, outcome: CellOutcome, stem: str) -> CellRecord:
    """Give a cell's files their names and return its record; a cell that failed has none."""
    files: list[CellFile] = []
    if outcome.error is None:
        for number, (path, node) in enumerate(outcome.files, 1):
            source = Path(path)
            name = f"{stem}{source.suffix}" if number == 1 else f"{stem}-{number}{source.suffix}"
            files.append(CellFile(name, node, digest_bytes(source.read_bytes())))
            source.replace(folder / name)
    shutil.rmtree(folder / STAGING / str(outcome.number), ignore_errors=True)
    return CellRecord(
        record.number, record.key, record.values, "done" if outcome.error is None else "failed", tuple(files),
        round(outcome.seconds, 3), outcome.executed, outcome.reused, outcome.error,
    )  # fmt: skip


def _is_named(name: str, stem: str) -> bool:
    rest = name.removeprefix(stem)
    return rest != name and (rest.startswith(".") or rest[1:].partition(".")[0].isdigit())
