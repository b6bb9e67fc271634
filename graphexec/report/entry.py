"""The entry of one run in the journal: begun with the run, and ended however that ends."""

from __future__ import annotations

import json
from time import perf_counter
from types import TracebackType
from typing import Self, cast

from graphexec.errors import DeadlineExceeded, Interrupted
from graphexec.execute.result import Result
from graphexec.graph.model import Graph
from graphexec.report.run_json import Outcome, RunReport, Told, describe
from graphexec.store import journal
from graphexec.store.journal import Journal
from graphexec.store.model import Store
from graphexec.store.noting import NotingStore

MOST_NODES = 2000
"""Nodes of a workflow up to which the journal has its whole report; of larger ones it has a brief one."""


class RunEntry:
    """A context manager around a run. Without a journal it does nothing; `number` is None then."""

    def __init__(self, book: Journal | None, workflow: str) -> None:
        self.number: int | None = None
        self._journal = book
        self._workflow = workflow
        self._noting: NotingStore | None = None
        self._outcome: journal.Outcome | None = None
        self._clock = perf_counter()

    def __enter__(self) -> Self:
        if self._journal is not None:
            self.number = self._journal.begin(self._workflow)
        return self

    @property
    def trouble(self) -> str | None:
        """Why the journal cannot be written."""
        return self._journal.trouble if self._journal is not None else None

    def noting(self, store: Store) -> Store:
        """Return a store that notes what the run makes."""
        if self.number is None:
            return store
        self._noting = NotingStore(store)
        return self._noting

    def conclude(self, graph: Graph, result: Result, told: Told) -> None:
        """Take what is told of the run at its end."""
        if self.number is None:
            return
        report = result.report if len(graph.order) <= MOST_NODES else describe(graph, result, told, brief=True)
        self._take(cast(RunReport, report))

    def _take(self, report: RunReport) -> None:
        counts = report["counts"]
        self._outcome = journal.Outcome(
            report["status"],
            report["seconds"],
            counts.get("executed", 0),
            counts.get("reused", 0),
            len(report["files"]),
            next((node["message"] for node in report["nodes"] if node["message"]), None),
            json.dumps(report),  # no human reads it, and without an indent C writes it
        )

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._journal is None or self.number is None:
            return
        outcome = self._outcome or journal.Outcome("failed", perf_counter() - self._clock, message=str(error))
        self._journal.end(self.number, outcome, self._noting.made if self._noting else ())


def status_of(result: Result, stopped: Interrupted | None) -> Outcome:
    """Return how a run ended."""
    if stopped is not None:
        return "deadline" if isinstance(stopped, DeadlineExceeded) else "interrupted"
    return "failed" if result.failures else "done"
