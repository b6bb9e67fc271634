"""The API prompt of a graph: what ComfyUI would have saved, and that it reads back as the same graph."""

import json

from graphexec.document.load import load_source, read
from graphexec.document.model import Target
from graphexec.graph.build import build
from graphexec.graph.prompt import api_prompt
from graphexec.registry.spec import InputSpec
from tests.support.specs import Types, document, spec

LOAD = spec("Load", outputs=("MODEL", "CLIP"))
USE = spec(
    "Use",
    (
        "clip:CLIP",
        InputSpec("cfg", "FLOAT"),
        InputSpec("some", "COMBO", choices=("a", "b"), options={"multi_select": 1}),
    ),
    output_node=True,
)
TYPES = Types(LOAD, USE)
GIVEN = document(
    load=("Load",), use=("Use", {"clip": ("load", "CLIP"), "cfg": 8, "some": ["a"], "upload": "image"}, "Mine")
)


def test_links_are_indices_and_literals_what_the_node_gets():
    graph, _ = build(GIVEN, TYPES)
    prompt = api_prompt(graph)
    assert prompt == {
        "load": {"inputs": {}, "class_type": "Load"},
        "use": {
            "inputs": {"clip": ["load", 1], "cfg": 8.0, "some": {"__value__": ["a"]}, "upload": "image"},
            "class_type": "Use",
            "_meta": {"title": "Mine"},
        },
    }
    assert type(prompt["use"]["inputs"]["cfg"]) is float


def test_it_reads_back_as_the_same_graph():
    graph, _ = build(GIVEN, TYPES)
    again, findings = read(load_source(json.loads(json.dumps(api_prompt(graph)))))
    assert again is not None and findings == []
    rebuilt, _ = build(again, TYPES)
    assert rebuilt.nodes == graph.nodes and rebuilt.order == graph.order
    assert api_prompt(rebuilt) == api_prompt(graph)


def test_nodes_that_asked_targets_excuse_are_left_out():
    given = document(load=("Load",), bad=("Nothing",))
    graph, _ = build(given, TYPES, targets=[Target("load")])
    assert list(api_prompt(graph)) == ["load"]


def test_links_that_the_graph_dropped_are_left_out():
    graph, _ = build(
        document(load=("Load",), other=("Load", {"extra": ("load", "CLIP")})), TYPES, targets=[Target("other")]
    )
    assert api_prompt(graph)["other"]["inputs"] == {}
