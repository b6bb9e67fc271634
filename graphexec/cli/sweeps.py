"""Sweeps: the plan in one line, cells as they end, the paths of their files, and what went wrong."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from graphexec.cli.findings import show_findings
from graphexec.cli.ndjson import event_fields
from graphexec.cli.sessions import Sessions
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.status import Status
from graphexec.cli.stopping import Stopping
from graphexec.cli.terminal import foreign_code, path_line, result, say
from graphexec.cli.workflows import resolve_argument
from graphexec.diagnostics.sanitize import visible
from graphexec.execute.cancel import Cancel
from graphexec.sweep.jobs import threads_each
from graphexec.sweep.options import option_axes
from graphexec.sweep.plan import SweepPlan, count_work
from graphexec.sweep.planner import plan_sweep
from graphexec.sweep.tables import read_table

if TYPE_CHECKING:
    from graphexec.api import Changes, Session
    from graphexec.sweep.events import SweepEvent, SweepListener
    from graphexec.sweep.records import SweepResult


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks of a sweep."""

    matrix: tuple[str, ...]
    zipped: tuple[str, ...]
    table: str | None
    name: str | None
    jobs: int
    devices: tuple[str, ...]
    per_device: int
    batch: int
    dry_run: bool
    max_cells: int
    fresh: bool
    as_json: bool


def run_sweep_of(file: str, given: Mapping[str, Any], changes: Changes, asked: Asked) -> Status:
    """Plan a sweep and, unless only that is asked for, run it. Raises what `graphexec.sweep.run.sweep` does."""
    started = time.monotonic()
    settings = settings_for(file, given)
    if asked.jobs > 1 and settings.threads is None:
        settings = replace(settings, threads=threads_each(asked.jobs))
    with Sessions() as sessions:
        session = sessions.of(settings)
        plan = _plan(session, resolve_argument(file), changes, asked)
        show_findings(plan.findings)
        if asked.dry_run:
            _show_plan(plan, asked.as_json)
            return Status.DONE
        return _run(session, plan, asked, Cancel(settings.deadline, started), settings.previews)


def _plan(session: Session, path: str, changes: Changes, asked: Asked) -> SweepPlan:
    axes, found = option_axes(asked.matrix, asked.zipped, asked.max_cells)
    if asked.table is not None:
        table, wrong = read_table(asked.table, asked.max_cells)
        axes += (table,) if table else ()
        found += wrong
    with foreign_code():
        return plan_sweep(session, path, axes, changes, max_cells=asked.max_cells, earlier=found, batch=asked.batch)


def _show_plan(plan: SweepPlan, as_json: bool) -> None:
    counts = count_work(plan)
    if not as_json:
        result(str(counts))
        return
    cells = [{"number": planned.cell.number, "values": planned.cell.values} for planned in plan.cells]
    result(json.dumps({"counts": asdict(counts), "cells": cells}, indent=2, ensure_ascii=False))


def _run(session: Session, plan: SweepPlan, asked: Asked, cancel: Cancel, previews: bool) -> Status:
    from graphexec.sweep.folder import folder_of
    from graphexec.sweep.run import default_name, run_sweep

    name = asked.name or default_name(plan)
    folder = folder_of(session.output, name)
    say(str(count_work(plan)))
    lines = _json_lines(sys.stdout) if asked.as_json else _path_lines(sys.stdout, folder)
    with _bars(len(plan.cells)) as bars, Stopping(cancel), foreign_code():

        def tell(event: SweepEvent) -> None:
            lines(event)
            bars(event)

        ended = run_sweep(
            session, plan, name=name, jobs=asked.jobs, devices=asked.devices, per_device=asked.per_device,
            fresh=asked.fresh, previews=previews, listener=tell, cancel=cancel,
        )  # fmt: skip
    if not asked.as_json:
        for sheet in ended.sheets:
            result(path_line(str(sheet)))
    return _status(ended)


def _status(ended: SweepResult) -> Status:
    for cell in ended.failed:
        values = ", ".join(f"{name} = {value}" for name, value in cell.values.items())
        say(visible(f"error: cell {cell.number} ({values}): {cell.error}"))
    return Status.NODE_FAILED if ended.failed else Status.DONE


def _bars(cells: int) -> AbstractContextManager[SweepListener]:
    """Return what shows events to a person: bars on a terminal, else only warnings."""
    if sys.stderr.isatty():
        from graphexec.cli.sweep_progress import SweepBars

        return SweepBars(cells)
    return nullcontext(_say_warning)


def _say_warning(event: SweepEvent) -> None:
    inner = event.event
    if inner is not None and inner.kind == "warning":
        say(visible(f"warning: cell {event.cell}: node {inner.node} ({inner.node_type}): {inner.message}"))


def _path_lines(stream: TextIO, folder: Path) -> SweepListener:
    """Return a listener that writes the paths of a cell's files when it has ended."""

    def tell(event: SweepEvent) -> None:
        if event.record is not None:
            stream.writelines(path_line(str(folder / file.name)) + "\n" for file in event.record.files)
            stream.flush()

    return tell


def _json_lines(stream: TextIO) -> SweepListener:
    """Return a listener that writes each event as a line of JSON; those of a run with the number of their cell."""

    def tell(event: SweepEvent) -> None:
        fields: dict[str, Any] = {"event": event.kind, "cell": event.cell}
        if event.event is not None:
            fields = {"event": event.event.kind, "cell": event.cell, **event_fields(event.event)}
        if event.record is not None:
            fields |= {name: value for name, value in asdict(event.record).items() if name not in ("number", "earlier")}
        stream.write(json.dumps(fields, default=str) + "\n")
        stream.flush()

    return tell
