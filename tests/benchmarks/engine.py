"""What the engine costs a node, with trivial nodes of a pack: `python tests/benchmarks/engine.py [NODES]`.

Prints seconds of processor time for reading and checking, planning, and running, cold and warm. The chain is as
deep as it can be, the layered graph as wide as workflows get.
"""

import itertools
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import graphexec

PACK = """
def node(inputs, outputs, run, **more):
    types = {"required": {name: ("INT", {"default": 0}) for name in inputs}}
    return type("Node", (), {"INPUT_TYPES": classmethod(lambda cls: types), "RETURN_TYPES": outputs,
                             "FUNCTION": "run", "run": run, **more})
NODE_CLASS_MAPPINGS = {
    "BenchLeaf": node("x", ("INT",), lambda self, x: (x,)),
    "BenchSum": node("ab", ("INT",), lambda self, a, b: ((a + b) % 1000003,)),
    "BenchShow": node("x", (), lambda self, x: {"ui": {"v": [x]}}, OUTPUT_NODE=True),
}
"""


def layered(count, width=50):
    """Layers of sums of two random nodes of the layer above, with output nodes below the last."""
    rng = random.Random(0)
    nodes = {}
    for index in range(count - width):
        above = (index // width - 1) * width
        link = lambda: [str(above + rng.randrange(width)), 0]  # noqa: B023, E731
        inputs = {"x": index} if above < 0 else {"a": link(), "b": link()}
        nodes[str(index)] = {"class_type": "BenchSum" if above >= 0 else "BenchLeaf", "inputs": inputs}
    for index in range(width):
        source = [str(count - 2 * width + index), 0]
        nodes[f"show{index}"] = {"class_type": "BenchShow", "inputs": {"x": source}}
    return nodes


def chain(count):
    """One node after another."""
    nodes = {"0": {"class_type": "BenchLeaf", "inputs": {"x": 1}}}
    for index in range(1, count - 1):
        nodes[str(index)] = {"class_type": "BenchSum", "inputs": {"a": [str(index - 1), 0], "b": 1}}
    return nodes | {"show": {"class_type": "BenchShow", "inputs": {"x": [str(count - 2), 0]}}}


def measure(name, flow, folder):
    """Load, check, plan and run a workflow, cold and warm."""
    pack, file = folder / "pack.py", folder / "flow.json"
    pack.write_text(PACK)
    file.write_text(json.dumps(flow))
    count, clock = len(flow), time.process_time
    start = clock()
    session = graphexec.Session(nodes=[pack], output=folder, cache=None)
    print(f"{name}, {count} nodes: session {clock() - start:.3f} s")
    for label in ("cold, first imports included", "cold", "warm"):
        if label == "cold":
            session.close()
        times = [clock()]
        graph, _ = session.build(file)
        times.append(clock())
        session.plan(graph)
        times.append(clock())
        result = session.run(graph)
        times.append(clock())
        check, plan, run = (after - before for before, after in itertools.pairwise(times))
        spent = {"load and check": check, "plan": plan, "plan and run": run, "all": check + run}
        parts = ", ".join(f"{what} {s:.3f} s ({s / count * 1e6:.0f} us a node)" for what, s in spent.items())
        print(f"  {label}: {parts}; {len(result.executed)} executed, {len(result.reused)} reused")


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else None
    for build, count in ((layered, wanted or 2000), (chain, wanted or 100_000)):
        with tempfile.TemporaryDirectory() as folder:
            measure(build.__name__, build(count), Path(folder))
