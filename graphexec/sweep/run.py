"""The run of a sweep: plan, what is left to do, cells one after another or in workers, files, sheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath
from time import perf_counter
from typing import TYPE_CHECKING, Any, Unpack

from graphexec.document.model import Document
from graphexec.errors import UsageError
from graphexec.execute.cancel import Cancel
from graphexec.sweep.axes import Axis, matrix_axes, row_axis, zip_axes
from graphexec.sweep.batches import Batched
from graphexec.sweep.cell_run import CellOutcome, run_cell
from graphexec.sweep.cells import MAX_CELLS
from graphexec.sweep.events import SweepEvent, SweepListener
from graphexec.sweep.folder import STAGING, folder_of, locked, publish, settle_earlier
from graphexec.sweep.manifest import Manifest, read_manifest
from graphexec.sweep.naming import stems
from graphexec.sweep.plan import PlannedCell, SweepPlan, count_work, ordered
from graphexec.sweep.planner import plan_sweep
from graphexec.sweep.records import CellRecord, SweepResult
from graphexec.sweep.sheets import write_sheets

if TYPE_CHECKING:
    from graphexec.api import Changes, PathLike, Session
    from graphexec.execute.events import Event

DEFAULT_NAME = "sweep"


def sweep(
    session: Session,
    workflow: PathLike | Mapping[str, Any] | Document,
    *,
    matrix: Mapping[str, Iterable[Any]] | None = None,
    zip: Mapping[str, Sequence[Any]] | None = None,
    table: PathLike | Sequence[Mapping[str, Any]] | None = None,
    name: str | None = None,
    jobs: int = 1,
    devices: Sequence[str] = (),
    per_device: int = 1,
    batch: int = 1,
    max_cells: int = MAX_CELLS,
    fresh: bool = False,
    previews: bool = False,
    listener: SweepListener | None = None,
    cancel: Cancel | None = None,
    deadline: float | None = None,
    **changes: Unpack[Changes],
) -> SweepResult:
    """Run a workflow once for each cell of the product of `matrix`, `zip` and `table`, work that cells share once.

    Names are `node.input`, parameters of the file, or `seed`; those of `matrix` vary independently, those of `zip`
    together, `table` (a file, or mappings) has a row for each cell. Files, contact sheets and the manifest go to
    `output/name`; cells that an earlier run has done there are not run again. `jobs` is how many processes work, each
    with the threads of the Session, in turn on `devices` (the Session's), and `per_device` at most on one accelerator.
    `batch` is how many cells that differ only in the seed of a sampler are sampled as one batch: close to single ones,
    not equal, and kept under keys of their own.
    Cells that fail are in the result. Raises InvalidWorkflow before anything runs, UsageError when the folder holds
    something else, Interrupted and DeadlineExceeded when it was stopped: what is done by then is in the manifest.
    """
    axes = list(matrix_axes(matrix or {}))
    together, found = zip_axes(zip or {})
    axes += together
    if isinstance(table, Sequence) and not isinstance(table, str):
        axes.append(row_axis(table))
    elif table is not None:
        from graphexec.sweep.tables import read_table

        axis, wrong = read_table(str(table), max_cells)
        axes += [axis] if axis else []
        found += wrong
    plan = plan_sweep(session, workflow, axes, changes, max_cells=max_cells, earlier=found, batch=batch)
    return run_sweep(
        session, plan, name=name or default_name(plan), jobs=jobs, devices=devices, per_device=per_device, fresh=fresh,
        previews=previews, listener=listener, cancel=cancel or Cancel(deadline),
    )  # fmt: skip


def default_name(plan: SweepPlan) -> str:
    """Return the name of a sweep that was given none: that of its workflow's file."""
    return PurePath(plan.document.source.name.strip("<>")).stem or DEFAULT_NAME


def run_sweep(
    session: Session, plan: SweepPlan, *, name: str, jobs: int = 1, devices: Sequence[str] = (), per_device: int = 1,
    fresh: bool = False, previews: bool = False, listener: SweepListener | None = None, cancel: Cancel,
) -> SweepResult:  # fmt: skip
    """Run a plan into the folder `name` of the Session's output directory; `sweep` says what is raised."""
    if jobs < 1 or per_device < 1:
        raise UsageError("a sweep needs at least one job, and one on each device")
    started, tell = perf_counter(), listener or (lambda event: None)
    folder = folder_of(session.output, name)
    earlier = read_manifest(folder) or []
    named = dict(_by_number(plan, stems([planned.cell for planned in plan.cells])))
    blank = [CellRecord(p.cell.number, p.key, p.cell.values) for p in plan.cells]
    with locked(folder):
        records = settle_earlier(folder, blank, named, earlier, fresh)
        manifest = Manifest(folder, _header(plan, name), records)
        manifest.write()
        for record in records:
            if record.earlier:
                tell(SweepEvent("cell_reused", record.number, record=record))
        left = [planned for planned in plan.cells if not manifest.records[planned.cell.number].earlier]
        cells, staging = ordered(plan, left), folder / STAGING
        if jobs == 1:
            outcomes = _one_by_one(session, plan, cells, staging, previews, tell, cancel)
        else:
            from graphexec.sweep.jobs import orders
            from graphexec.sweep.pool import Pool
            from graphexec.sweep.scheduling import Scheduling

            told = orders(session, plan, jobs, devices, per_device, previews)
            scheduling = Scheduling(cells, plan.works, shared=session.cache is not None)
            outcomes = Pool(plan, scheduling, staging, told, tell, cancel).outcomes()
        for outcome in outcomes:
            record = publish(folder, manifest.records[outcome.number], outcome, named[outcome.number])
            manifest.put(record)
            tell(SweepEvent("cell_failed" if record.error else "cell_finished", record.number, record=record))
        sheets = write_sheets(folder, plan, manifest.records, name)
    counts = count_work(plan, left)
    return SweepResult(folder, tuple(manifest.records.values()), sheets, counts, perf_counter() - started)


def _by_number(plan: SweepPlan, names: Sequence[str]) -> Iterator[tuple[int, str]]:
    return ((planned.cell.number, name) for planned, name in zip(plan.cells, names, strict=True))


def _one_by_one(
    session: Session, plan: SweepPlan, cells: Sequence[PlannedCell], staging: Path, previews: bool,
    tell: SweepListener, cancel: Cancel,
) -> Iterator[CellOutcome]:  # fmt: skip
    """Run cells in this process and yield what came of each as it ends."""
    batched = Batched(plan.batches)
    for planned in cells:
        cancel.check()
        number = planned.cell.number
        listener = partial(_tell_event, tell, number)
        tell(SweepEvent("cell_started", number))
        changes, place = plan.changes(planned.cell), staging / str(number)
        yield run_cell(session, plan.document, number, changes, place, previews, listener, cancel, batched)


def _tell_event(tell: SweepListener, cell: int, event: Event) -> None:
    tell(SweepEvent("cell_event", cell, event))


def _header(plan: SweepPlan, name: str) -> dict[str, Any]:
    def axis_of(axis: Axis) -> dict[str, Any]:
        return {"kind": axis.kind, "names": list(axis.names), "length": len(axis.rows)}

    return {"name": name, "workflow": plan.document.source.name, "axes": [axis_of(axis) for axis in plan.axes]}
