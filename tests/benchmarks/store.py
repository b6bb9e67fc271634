"""Claim: the cache on disk adds less than 0.1 ms to a node by default; a run from it costs about what trivial nodes do.

The layered graph and the chain of `engine`, planned and run from a built graph: without a cache, with one that keeps
what is worth it (ADR 21), and with one that keeps everything; each computed, and then taken by another Session.
Processor time, in one process, the kinds by turns.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import graphexec
from graphexec.store.worth import ALL
from tests.benchmarks.flows import SHAPES, written
from tests.benchmarks.options import Options
from tests.benchmarks.tables import Part, Table, number, spread

NOTHING, WORTH, EVERYTHING = "no cache", "cache, what is worth it", "cache, everything"


def measure(options: Options) -> Sequence[Part]:
    """A table for each shape."""
    return [_table(shape, 60 if options.tiny else 1000, options) for shape in SHAPES]


def _table(shape: str, count: int, options: Options) -> Table:
    file = written(options.scratch / "graphs", shape, count)
    spent: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    _run(file, None, False)
    for _ in range(options.repeat):
        with tempfile.TemporaryDirectory(dir=options.scratch) as place:
            for kind in (NOTHING, WORTH, EVERYTHING):
                cache = None if kind == NOTHING else Path(place) / kind
                for label in ("computed",) if cache is None else ("computed", "taken"):
                    seconds, counts[kind, label] = _run(file, cache, kind == EVERYTHING)
                    spent[kind, label].append(seconds / count)
    plain = statistics.median(spent[NOTHING, "computed"])
    rows = tuple(
        (
            f"{kind}: {label}",
            spread(seconds, "µs", 1e6),
            f"{number((statistics.median(seconds) - plain) * 1e6)} µs",
            "{:,} / {:,}".format(*counts[kind, label]),
        )
        for (kind, label), seconds in spent.items()
    )
    columns = ("run", "CPU time a node", "more than without", "executed / reused")
    return Table(f"{count:,} nodes, {shape}", columns, rows)


def _run(file: Path, cache: Path | None, everything: bool) -> tuple[float, tuple[int, int]]:
    """Plan and run the workflow in a Session of its own: seconds of the processor, nodes executed and reused."""
    with graphexec.Session(nodes=[file.parent / "pack.py"], output=file.parent, cache=cache) as session:
        if everything:
            session._stores.disk._worth = ALL  # type: ignore[union-attr]
        graph, _ = session.build(file)
        assert graph is not None
        start = time.process_time()
        result = session.run(graph)
        return time.process_time() - start, (len(result.executed), len(result.reused))
