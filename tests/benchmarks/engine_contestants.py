"""Contestants of `engine`: each reads a graph of trivial nodes from a file, builds its own form of it, and runs it."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.flows import MODULUS, written
from tests.benchmarks.gate import Gate

WARM = 60  # nodes of the graph that is run before, so that nothing is imported during a lap
Values = list[int]


def cold(gate: Gate, scratch: str, shape: str, count: int) -> None:
    """graphexec reads, checks, plans and runs a file that its Session never saw."""
    import graphexec

    folder = Path(scratch) / "graphs"
    with graphexec.Session(nodes=[folder / "pack.py"], output=folder, cache=None) as session:
        session.run(written(folder, shape, WARM))
        file = written(folder, shape, count)
        gate.ready()
        result = session.run(file)
        gate.lap(answer=_shown(result, shape), executed=len(result.executed))


def again(gate: Gate, scratch: str, shape: str, count: int) -> None:
    """graphexec runs a document a second time in the same Session."""
    import graphexec

    folder = Path(scratch) / "graphs"
    with graphexec.Session(nodes=[folder / "pack.py"], output=folder, cache=None) as session:
        document = graphexec.load(written(folder, shape, count))
        session.run(document)
        gate.ready()
        result = session.run(document)
        gate.lap(answer=_shown(result, shape), executed=len(result.executed))


def cached(gate: Gate, scratch: str, shape: str, count: int, fill: bool = False) -> None:
    """graphexec in a new process, every result on disk; with `fill` it puts them there and measures nothing."""
    import graphexec
    from graphexec.store.worth import ALL

    folder = Path(scratch) / "graphs"
    store = folder / f"cache-{shape}-{count}"
    with graphexec.Session(nodes=[folder / "pack.py"], output=folder, cache=folder / "cache-warm") as session:
        session.run(written(folder, shape, WARM))
    with graphexec.Session(nodes=[folder / "pack.py"], output=folder, cache=store) as session:
        session._stores.disk._worth = ALL  # type: ignore[union-attr]  # nodes as cheap as these are not kept otherwise
        file = written(folder, shape, count)
        if fill:
            session.run(file)
            gate.ready()
        gate.ready()
        result = session.run(file)
        gate.lap(answer=_shown(result, shape), executed=len(result.executed))


def _shown(result: Any, shape: str) -> Values:
    names = ["show"] if shape == "chain" else [f"show{i}" for i in range(50)]
    return [value for name in names for value in result.ui(name).get("v", ())]


def add(a: int, b: int) -> int:
    """What the nodes do."""
    return (a + b) % MODULUS


def rival(gate: Gate, scratch: str, shape: str, count: int, program: str) -> None:
    """Another program on the same file."""
    runs: dict[str, Callable[[Any], Values]] = {"Hamilton": hamilton, "Dask": dask, "networkx": networkx}
    run, folder = runs[program], Path(scratch) / "graphs"
    run(json.loads(written(folder, shape, WARM).read_text()))
    file = written(folder, shape, count)
    gc.collect()
    gate.ready()
    answer = run(json.loads(file.read_text()))
    gate.lap(answer=answer)


def networkx(flow: Any) -> Values:
    """A graph of networkx, run in the order of its topological sort."""
    import networkx as nx

    graph: Any = nx.DiGraph()
    for name, node in flow.items():
        graph.add_node(name, **node)
        graph.add_edges_from((value[0], name) for value in node["inputs"].values() if isinstance(value, list))
    values: dict[str, int] = {}
    for name in nx.topological_sort(graph):
        inputs = graph.nodes[name]["inputs"].values()
        values[name] = _result([values[v[0]] if isinstance(v, list) else v for v in inputs])
    return [values[name] for name in _outputs(flow)]


def dask(flow: Any) -> Values:
    """A graph of Dask, run by its synchronous scheduler."""
    from dask import get

    graph = {
        name: (_call, *(value[0] if isinstance(value, list) else value for value in node["inputs"].values()))
        for name, node in flow.items()
    }
    return list(get(graph, _outputs(flow)))


def hamilton(flow: Any) -> Values:
    """A module of functions for Hamilton, whose parameters are named by the functions that they come from."""
    from hamilton import ad_hoc_utils, driver

    lines = []
    for name, node in flow.items():
        given = [f"n_{v[0]}" if isinstance(v, list) else str(v) for v in node["inputs"].values()]
        parameters = ", ".join(f"{g}: int" for g in dict.fromkeys(given) if g.startswith("n_"))
        body = f"add({', '.join(given)})" if len(given) > 1 else given[0]
        lines.append(f"def n_{name}({parameters}) -> int:\n    return {body}")
    space: dict[str, Any] = {"add": add, "__name__": "tests.benchmarks.generated"}
    exec("\n".join(lines), space)
    module = ad_hoc_utils.create_temporary_module(*(space[f"n_{name}"] for name in flow))
    made = driver.Builder().with_modules(module).build()
    wanted = [f"n_{name}" for name in _outputs(flow)]
    found = made.execute(wanted)
    return [found[name] for name in wanted]


def _call(*inputs: int) -> int:
    return _result(inputs)


def _result(inputs: Any) -> int:
    return add(*inputs) if len(inputs) > 1 else int(inputs[0])


def _outputs(flow: Any) -> list[str]:
    return [name for name in flow if name.startswith("show")]
