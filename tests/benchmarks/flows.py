"""Graphs of trivial nodes of a pack, as wide and as deep as workflows get, and larger."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Flow = dict[str, dict[str, Any]]

MODULUS = 1000003
PACK = f"""
def node(inputs, outputs, run, **more):
    types = {{"required": {{name: ("INT", {{"default": 0}}) for name in inputs}}}}
    return type("Node", (), {{"INPUT_TYPES": classmethod(lambda cls: types), "RETURN_TYPES": outputs,
                             "FUNCTION": "run", "run": run, **more}})
NODE_CLASS_MAPPINGS = {{
    "BenchLeaf": node("x", ("INT",), lambda self, x: (x,)),
    "BenchSum": node("ab", ("INT",), lambda self, a, b: ((a + b) % {MODULUS},)),
    "BenchShow": node("x", (), lambda self, x: {{"ui": {{"v": [x]}}}}, OUTPUT_NODE=True),
}}
"""


def layered(count: int) -> Flow:
    """Layers of 50 sums of two random nodes of the layer above, with output nodes below the last."""
    rng, width = random.Random(0), min(50, count // 3)
    nodes: Flow = {}

    def link(above: int) -> list[Any]:
        return [str(above + rng.randrange(width)), 0]

    for index in range(count - width):
        above = (index // width - 1) * width
        inputs: dict[str, Any] = {"x": index} if above < 0 else {"a": link(above), "b": link(above)}
        nodes[str(index)] = {"class_type": "BenchSum" if above >= 0 else "BenchLeaf", "inputs": inputs}
    for index in range(width):
        source = [str(count - 2 * width + index), 0]
        nodes[f"show{index}"] = {"class_type": "BenchShow", "inputs": {"x": source}}
    return nodes


def chain(count: int) -> Flow:
    """One node after another."""
    nodes: Flow = {"0": {"class_type": "BenchLeaf", "inputs": {"x": 1}}}
    for index in range(1, count - 1):
        nodes[str(index)] = {"class_type": "BenchSum", "inputs": {"a": [str(index - 1), 0], "b": 1}}
    return nodes | {"show": {"class_type": "BenchShow", "inputs": {"x": [str(count - 2), 0]}}}


SHAPES: Mapping[str, Callable[[int], Flow]] = {"layered": layered, "chain": chain}


def written(folder: Path, shape: str, count: int) -> Path:
    """The file of a graph, made now if it is not there, with `pack.py` beside it."""
    folder.mkdir(exist_ok=True)
    (folder / "pack.py").write_text(PACK)
    file = folder / f"{shape}-{count}.json"
    if not file.exists():
        file.write_text(json.dumps(SHAPES[shape](count)))
    return file
