"""The end of a run: artifacts into files, and what the caller gets to know about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from graphexec.execute.events import Event, Listener
from graphexec.execute.result import Failure, Result
from graphexec.graph.model import Graph
from graphexec.report.place import OutputFailed, Placed, PlacedFile, place
from graphexec.report.provenance import Provenance


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the caller wants of the files: where, under what name, and whether previews are among them."""

    output: Path
    name: str | None = None
    previews: bool = False


def settle(
    result: Result,
    graph: Graph,
    prompt: Callable[[], Mapping[str, Any]],
    wishes: Wishes,
    listener: Listener | None,
    now: datetime,
    provenance: Provenance | None = None,
) -> tuple[Result, tuple[PlacedFile, ...]]:
    """Write the artifacts of a result, whatever else happened in the run; a file that cannot be is a failure."""
    if not result.artifacts:
        return result, ()
    failures = result.failures
    try:
        placed = place(
            result.artifacts,
            wishes.output,
            prompt(),
            graph.document.workflow,
            name=wishes.name,
            previews=wishes.previews,
            now=now,
            provenance=provenance,
        )
    except OutputFailed as error:
        placed = Placed(error.files)
        failures = (*failures, _failure(error, graph))
    if listener is not None:
        for file in placed.files:
            spec = graph.nodes[file.node].spec
            data = {"path": str(file.path), "unchanged": file.unchanged}
            listener(Event("file_written", file.node, spec.type, data=data))
    files = tuple(str(file.path) for file in placed.files)
    shown = {node: {**result._ui.get(node, {}), **entries} for node, entries in placed.ui.items()}
    return replace(result, files=files, failures=failures, _ui={**result._ui, **shown}), placed.files


def _failure(error: OutputFailed, graph: Graph) -> Failure:
    return Failure(error.node, graph.nodes[error.node].spec.type, str(error), {}, error, is_bug=False)
