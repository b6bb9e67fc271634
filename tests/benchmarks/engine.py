"""Claim: a node costs the engine less than 60 µs from 1,000 to 100,000 nodes, checks, keys and records included.

Trivial nodes of a ComfyUI-style pack, in chains (as deep as can be) and layered graphs (as wide as workflows get).
Every lap has a process of its own, warmed with a small graph, and begins with the JSON file. `cold` reads, checks,
plans and runs; `second run` is the same Document in the same Session; `from disk` is a new process that finds every
result in the cache. The rivals do less: each builds what it works on from the same file and computes the same values.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace

from tests.benchmarks.flows import SHAPES, written
from tests.benchmarks.options import Options
from tests.benchmarks.race import Entry, Outcome, race
from tests.benchmarks.rivals import DASK, HAMILTON, missing, present
from tests.benchmarks.tables import MISSING, Part, Table, gigabytes, ratio, spread

MODULE = "tests.benchmarks.engine_contestants"
COLD, AGAIN, CACHED, PLAIN = "graphexec, cold", "graphexec, second run", "graphexec, from disk", "networkx alone"
SIZES, TINY, LARGE = (1_000, 10_000, 100_000), (60, 120), 1_000_000
PATIENCE = 60.0
"""Seconds that a lap may take: a rival that would take longer, going by the smaller graph, is left out."""
LACKS = (
    "networkx alone: no checks, keys, cache, types, events or records: a dictionary of values, filled in order.",
    "Dask: no checks of values or types, no keys, no cache; its graph, a dictionary of tuples given to `dask.get`, is "
    "converted and ordered before it runs.",
    "Hamilton: checks types; no keys or cache unless asked. Its nodes are Python functions, so the file is first "
    "written as functions and compiled, as a user of Hamilton would have them.",
)


def measure(options: Options) -> Sequence[Part]:
    """A table for each shape and size."""
    tables = []
    for shape in SHAPES:
        slow: dict[str, str] = {}
        for count in TINY if options.tiny else SIZES:
            outcomes = raced(shape, count, options, frozenset(slow))
            tables.append(_table(shape, count, outcomes, slow, options))
            slow |= _too_slow(outcomes)
    if options.large:
        tables.append(_memory(120 if options.tiny else LARGE, options))
    return tables


def raced(shape: str, count: int, options: Options, without: frozenset[str] = frozenset()) -> dict[str, Outcome]:
    """Laps of everyone over a graph, whose answers are the same."""
    settings = {"scratch": str(options.scratch), "shape": shape, "count": count}
    written(options.scratch / "graphs", shape, count)
    fill = Entry("fill", f"{MODULE}:cached", {**settings, "fill": True})
    filled = race([fill], options, laps=0)[fill.name]
    if filled.failure:
        raise RuntimeError(f"the cache could not be filled: {filled.failure}")
    entries = [
        Entry(COLD, f"{MODULE}:cold", settings, fresh=True),
        Entry(AGAIN, f"{MODULE}:again", settings, fresh=True),
        Entry(CACHED, f"{MODULE}:cached", settings, fresh=True),
    ]
    if options.rivals:
        others = {PLAIN: "networkx"} | {r.name: r.name for r in (DASK, HAMILTON) if present(r, options)}
        entries += [
            Entry(name, f"{MODULE}:rival", {**settings, "program": program}, fresh=True)
            for name, program in others.items()
            if name not in without
        ]
    outcomes = race(entries, options)
    answers = {name: outcome.values("answer") for name, outcome in outcomes.items()}
    expected = answers[COLD][0]
    assert all(answer == expected for found in answers.values() for answer in found), f"answers differ: {answers}"
    outputs = len(expected)  # output nodes of packs always run
    assert all(ran <= outputs for ran in outcomes[CACHED].values("executed")), "something was not found on disk"
    return outcomes


def _too_slow(outcomes: dict[str, Outcome]) -> dict[str, str]:
    """Who is left out of the next, ten times larger graph, and what to say of it."""
    said = {}
    for name, outcome in outcomes.items():
        if outcome.failure:
            said[name] = outcome.failure
        elif (expected := 10 * statistics.median(outcome.seconds)) > PATIENCE:
            said[name] = f"left out: it would take {expected:.0f} s or more"
    return said


def _table(shape: str, count: int, outcomes: dict[str, Outcome], slow: dict[str, str], options: Options) -> Table:
    rows = []
    for name, outcome in outcomes.items():
        if outcome.failure:
            slow = {**slow, name: outcome.failure}
            continue
        rows.append(
            (
                name,
                spread(outcome.cpu, "µs", 1e6 / count),
                spread(outcome.seconds, "µs", 1e6 / count),
                ratio(outcome.cpu, outcomes[COLD].cpu) if outcomes[COLD].cpu else MISSING,
                gigabytes(outcome.anonymous),
            )
        )
    rows += [(name, why, MISSING, MISSING, MISSING) for name, why in slow.items()]
    columns = ("contestant", "CPU time a node", "wall time a node", "it / graphexec cold", "RssAnon")
    notes = LACKS if options.rivals and count in (TINY[0], SIZES[0]) else ()
    return Table(f"{count:,} nodes, {shape}", columns, tuple(rows), (*notes, *missing([DASK, HAMILTON], options)))


def _memory(count: int, options: Options) -> Table:
    """One cold run of a layered graph too large for comparisons."""
    settings = {"scratch": str(options.scratch), "shape": "layered", "count": count}
    entry = Entry(COLD, f"{MODULE}:cold", settings, fresh=True)
    outcome = race([entry], replace(options, limit=max(options.limit, 600.0)), laps=1)[COLD]
    row = (
        outcome.failure or COLD,
        spread(outcome.cpu, "µs", 1e6 / count),
        spread(outcome.seconds, "µs", 1e6 / count),
        gigabytes(outcome.anonymous),
        gigabytes(outcome.resident),
    )
    columns = ("contestant", "CPU time a node", "wall time a node", "RssAnon", "RSS")
    return Table(f"{count:,} nodes, layered", columns, (row,))
