"""Runs in the journal as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.terminal import result
from graphexec.diagnostics.sanitize import visible
from graphexec.errors import UsageError
from graphexec.store.journal import Journal, Run
from graphexec.store.location import directory_of


def list_runs(cache: str | None, most: int, *, as_json: bool) -> None:
    """Print the last runs, the newest first."""
    journal = _journal(cache)
    runs = journal.runs(most)
    if journal.trouble is not None:
        raise UsageError(journal.trouble)
    if as_json:
        for run in runs:
            result(json.dumps(_entry(run)))
        return
    rows = [_cells(run) for run in runs]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            f"{cell:>{w}}" if number in _RIGHT else f"{cell:<{w}}" for number, (cell, w) in enumerate(zip(row, wide))
        )
        result("  ".join(cells).rstrip())


def show_run(number: int | None, cache: str | None, *, as_json: bool) -> None:
    """Print what is known of a run, by default of the last one. Raises UsageError when there is none."""
    journal = _journal(cache)
    run = journal.run(number) if number is not None else next(iter(journal.runs(1)), None)
    if run is None:
        what = "there are no runs yet" if number is None else f"there is no run {number}"
        raise UsageError(journal.trouble or f"{what} in {journal.path}")
    report = json.loads(journal.report(run.id) or "null")
    if as_json:
        result(json.dumps(report or _entry(run), indent=2))
        return
    for name, value in _lines(run, report or {}):
        result(visible(f"{name:<10}{value}"))


_RIGHT = {0, 3, 4, 5, 6}
"""Columns of numbers."""


def _journal(cache: str | None) -> Journal:
    settings = settings_for("-", {"cache": cache})
    directory = directory_of(settings.cache)
    if directory is None:
        raise UsageError("without a cache there is no journal: name one with --cache DIR")
    return Journal(directory)


def _entry(run: Run) -> dict[str, Any]:
    return asdict(run) | {"started": _when(run).isoformat()}


def _when(run: Run) -> datetime:
    return datetime.fromtimestamp(run.started).astimezone()


def _cells(run: Run) -> tuple[str, ...]:
    counts = ("-" if n is None else str(n) for n in (run.executed, run.reused, run.files))
    seconds = "-" if run.seconds is None else f"{run.seconds:.1f} s"
    return (str(run.id), f"{_when(run):%Y-%m-%d %H:%M:%S}", run.status, seconds, *counts, visible(run.workflow))


def _lines(run: Run, report: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield (name, value) of what a person may want to know."""
    yield "run", run.id
    yield "workflow", run.workflow
    yield "started", _when(run).isoformat(" ", "seconds")
    yield "status", run.status + (f": {run.message}" if run.message else "")
    if run.seconds is not None:
        yield "seconds", f"{run.seconds:.3f}"
    if counts := report.get("counts"):
        yield "nodes", ", ".join(f"{count} {status}" for status, count in counts.items())
    for node in report.get("nodes", ()):
        took = f"  {node['seconds']:.3f} s" if node["seconds"] is not None else ""
        reused = f"  ({node['steps_reused']} steps reused)" if node.get("steps_reused") else ""
        yield "  node", f"{node['id']}: {node['type']}  {node['status']}{took}{reused}"
    for name, seed in report.get("seeds", {}).items():
        yield "seed", f"{name} = {seed}"
    for model in report.get("models", ()):
        yield "model", f"{model['name']}  {model['digest'] or 'not read'}"
    for file in report.get("files", ()):
        yield "file", f"{file['path']}  {file['digest']}"
    if report:
        yield "policy", ", ".join(f"{name} {value}" for name, value in report["policy"].items() if value is not None)
        yield "versions", ", ".join(f"{name} {number}" for name, number in report["versions"].items())
