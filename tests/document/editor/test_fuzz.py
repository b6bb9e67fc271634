"""Files of the editor with pieces cut out, doubled, swapped and spoilt: findings with positions, never a traceback."""

import copy
import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphexec.diagnostics.codes import CODES
from graphexec.document.editor import is_editor, read_editor
from graphexec.document.locate import locate
from graphexec.document.model import Link, Source
from graphexec.graph.build import build
from tests.document.editor import test_everywhere as ue
from tests.document.editor import test_group_nodes as groups
from tests.document.editor import test_subgraphs as subs
from tests.document.editor.flows import BASIC, CHECKPOINT, REGISTRY, flow, node, text
from tests.document.editor.test_pairs import OURS

BUILT = [
    flow(*BASIC),
    flow(*BASIC, objects=True),
    flow(*ue.UNLINKED, ue.everywhere(10, ue.MODEL, ue.CLIP, ue.VAE, type="Anything Everywhere3"), ue.seed_everywhere()),
    flow(*ue.UNLINKED, ue.modern(10, ue.MODEL, ue.CLIP, settings={"title_regex": "a|b", "group_restricted": 1})),
    groups.rendering(),
    flow(CHECKPOINT, subs.prompted(2, ["outer"]), subs.prompted(3), definitions=[subs.PROMPTED, subs.ENCODER]),
    flow(
        CHECKPOINT,
        node(20, "SetNode", ["a"], links={"x": (4, 1)}),
        node(21, "GetNode", ["a"], outputs=["CLIP"]),
        node(22, "Reroute", links={"": (21, 0)}),
        node(23, "gcLatentTunnel", links={"samples": (22, 0)}, mode=4),
        node(24, "PrimitiveNode", ["words"], outputs=["STRING"]),
        node(6, "CLIPTextEncode", ["{a|b}"], links={"clip": (23, 0), "text": (24, 0)}, converted=("text",)),
        node(25, "Fast Muter (rgthree)", links={"n": (6, 0)}),
        text(7, "x", (20, 0), mode=2),
    ),
]
FILES = [*BUILT, *(json.loads(path.read_text(encoding="utf-8")) for path in sorted(OURS.glob("*.ui.json"))[::3])]
KEYS = ["id", "type", "mode", "inputs", "outputs", "link", "links", "widget", "name", "widgets_values", "properties"]
JUNK = [
    None, True, 0, -1, -10, -20, 2, 4, 2.5, float("nan"), 1e400, 2**80, "", "x", "*", "57:41", [], [1, 2], {}, {"0": 1},
    [[]], [None], [1, 2, 3, 4, 5, "X"], "Reroute", "PrimitiveNode", "workflow>KSampler + Vae", "GetNode", "enc",
    "prompted", "Anything Everywhere", "KSampler", [["-1", "text"]], {"version": "7", "title_regex": "(("},
    "ue_properties", "(a*)*",
]  # fmt: skip


def places(value):
    """Return the paths of everything that the reader may look at (not what only draws)."""
    found, waiting = [], [((), value)]
    while waiting:
        path, item = waiting.pop()
        if path:
            found.append(path)
        pairs = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
        waiting += [((*path, key), child) for key, child in pairs if key not in ("pos", "size", "flags", "order", "ds")]
    return found


def pick(choices, draw):
    return choices[draw(st.integers(0, len(choices) - 1))]


def mutate(value, draw):
    """Spoil one place of a file."""
    path = pick(places(value), draw)
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    match draw(st.sampled_from(["junk", "junk", "cut", "copy", "double", "key"])):
        case "junk":
            holder[path[-1]] = copy.deepcopy(pick(JUNK, draw))
        case "cut":
            holder.pop(path[-1])
        case "copy":
            other = value
            for key in pick(places(value), draw):
                other = other[key]
            holder[path[-1]] = copy.deepcopy(other)
        case "double" if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[path[-1]]))
        case _:
            if isinstance(holder, dict):
                holder[pick(KEYS, draw)] = copy.deepcopy(pick(JUNK, draw))


def survive(value):
    """Read, check and locate; what comes out is well formed."""
    source = Source("flow.json", json.dumps(value), "json")
    document, found = read_editor(json.loads(source.text), source, REGISTRY)
    known = document.nodes.keys() | document.broken
    for decl in document.nodes.values():
        assert all(link.node in known for link in decl.inputs.values() if isinstance(link, Link))
    _, found = build(document, REGISTRY, earlier=found)
    for finding in locate(found, source):
        assert finding.code in CODES
        assert finding.span is not None or finding.code == "GX208"
        str(finding)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_spoilt_files(data):
    value = copy.deepcopy(pick(FILES, data.draw))
    for _ in range(data.draw(st.integers(1, 8))):
        mutate(value, data.draw)
        if not is_editor(value) or not places(value):
            return
    survive(value)


def test_long_chains_are_no_recursion():
    reroutes = [node(k, "Reroute", links={"": (k - 1, 0)}) for k in range(1, 5000)]
    survive(flow(*reroutes, text(5000, "a", (4999, 0))))
    loras = [
        node(k, "LoraLoaderModelOnly", ["l", 1], links={"model": (k - 1, 0) if k else None}, mode=4)
        for k in range(3000)
    ]
    survive(flow(*loras, node(3000, "ModelSamplingSD3", [3], links={"model": (2999, 0)})))


CORPORA = [
    Path(next(iter(found.submodule_search_locations)))
    for name in ("comfyui_workflow_templates_json", "comfyui_subgraph_blueprints")
    if (found := find_spec(name))
]


@pytest.mark.skipif(not CORPORA, reason="comfyui-workflow-templates-json, comfyui-subgraph-blueprints not installed")
def test_official_templates_are_read():
    for folder in CORPORA:
        for path in folder.rglob("*.json"):
            value = json.loads(path.read_text(encoding="utf-8"))
            if is_editor(value):
                _, found = read_editor(value, Source(path.name, "", "json"), REGISTRY)
                assert {d.code for d in found} <= {"GX121", "GX122", "GX123"}, path.name
