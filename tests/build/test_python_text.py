"""Documents as programs: what such a program builds has the digest of the document."""

import json
from pathlib import Path

import pytest

from graphexec.build import Workflow
from graphexec.build.python_format import built_by
from graphexec.build.python_text import python_text
from graphexec.document.load import load_source, read
from graphexec.document.model import Document, Link, NodeDecl, Parameter, ParameterRef, Source, Target, Unreadable
from graphexec.document.writers import NotExpressible
from graphexec.graph.build import build
from graphexec.graph.identity import graph_digest
from graphexec.registry.loading import load_registry
from tests.build.flows import circle

REGISTRY = load_registry()
SHARED = Path(__file__).parents[3] / "shared/reference/pairs"
COMMITTED = Path(__file__).parents[1] / "document/editor/pairs"
PAIRS = SHARED if SHARED.exists() else COMMITTED


def implemented(path):
    """Whether all nodes of an API file run here."""
    return all(node.get("class_type") in REGISTRY for node in json.loads(path.read_text()).values())


API = sorted(PAIRS.glob("*.api.json"))


def same(one, two):
    """Assert that two documents mean the same, be it with the same errors."""
    graphs = [build(document, REGISTRY) for document in (one, two)]
    digests = [graph and graph_digest(graph) for graph, _ in graphs]
    codes = [sorted((d.code, d.node, d.input) for d in found) for _, found in graphs]
    assert codes[0] == codes[1]
    assert digests[0] == digests[1]
    return digests[0]


@pytest.mark.parametrize("path", API, ids=lambda path: path.name.removesuffix(".api.json"))
def test_pairs_become_programs_that_mean_the_same(path):
    for name in (path, path.with_name(path.name.replace(".api.", ".ui."))):
        document, _ = read(load_source(name), REGISTRY)
        made = built_by(python_text(document, REGISTRY))
        assert {id: dict(node.inputs) for id, node in made.nodes.items()} == {
            id: dict(node.inputs) for id, node in document.nodes.items()
        }
        assert {id: node.title for id, node in made.nodes.items()} == {i: x.title for i, x in document.nodes.items()}
        if not document.partial:  # the editor's skipping of unfinished outputs is no part of what was built
            same(document, made)


def test_most_pairs_of_implemented_nodes_have_a_graph_to_compare():
    graphs = [build(read(load_source(path), REGISTRY)[0], REGISTRY)[0] for path in API if implemented(path)]
    assert len(graphs) > 5
    assert sum(graph is None for graph in graphs) <= 3, "three files lack inputs that their nodes have had since"


def test_a_program_is_what_a_person_would_write():
    text = python_text(circle(name="circle").document, REGISTRY)
    assert "from graphexec.build import nodes as n\n" in text
    assert '    seed = wf.param("seed", 0)\n    steps = wf.param("steps", 2, min=1, max=50)\n' in text
    assert (
        '    vae_decode = n.VAEDecode(samples=k_sampler, vae=checkpoint_loader_simple.VAE, name="VAEDecode")\n' in text
    )
    assert text == python_text(built_by(text), REGISTRY).replace("<python>", "circle")


def document(nodes, **fields):
    made = {id: NodeDecl(id, type, inputs, ("nodes", id)) for id, (type, inputs) in nodes.items()}
    return Document(Source("t", "", "yaml"), made, **fields)


def test_what_functions_have_no_argument_for_is_kept():
    odd = document(
        {
            "a'\"\\": ("LoadImage", {"image": 'x"y\\n\n', "upload": "image", "nothing": None}),
            "b": (
                "NodeOfNobody",
                {"list": [1, [2.5, "x"]], "dict": {"k": None}, "none": None, "in": Link("a'\"\\", 1)},
            ),
            "c": ("PreviewImage", {"images": Link("b", "OUT")}),
            "d": ("PreviewImage", {"images": Link("a'\"\\", 7)}),
            "e": ("VAELoader", {}),
            "f": ("VAEDecode", {"samples": Link("e", 0), "vae": ParameterRef("undeclared")}),
            "g": ("ControlNetApplyAdvanced", {"positive": Link("b", 0)}),
        },
        targets=(Target("c"), Target("b", "OUT"), Target("a'\"\\", 1)),
    )
    made = built_by(python_text(odd, REGISTRY))
    assert {i: (x.type, dict(x.inputs)) for i, x in made.nodes.items()} == {
        i: (x.type, dict(x.inputs)) for i, x in odd.nodes.items()
    }
    assert [(t.node, t.output) for t in made.targets] == [("c", None), ("b", "OUT"), ("a'\"\\", 1)]


def test_optional_inputs_that_the_file_leaves_out_stay_out():
    bare = document({"1": ("EmptyLatentImage", {"width": 64})})
    assert dict(built_by(python_text(bare, REGISTRY)).nodes["1"].inputs) == {"width": 64}


def test_settings_of_nodes_are_kept():
    with Workflow() as wf:
        node = wf.node("PreviewImage", title="T")
    node.meta = {"graphexec": {"continuation": "exact"}, "title": "T"}
    (made,) = built_by(python_text(wf.document, REGISTRY)).nodes.values()
    assert made.meta == {"graphexec": {"continuation": "exact"}} and made.title == "T"


def test_parameters_are_kept():
    declared = [
        Parameter("a-b", "FLOAT", 1, (), min=0, max=2.5, description="d"),
        Parameter("n", "STRING", None, (), required=True, choices=("x", "y")),
        Parameter("wf", "BOOLEAN", True, ()),
    ]
    flow = document({"1": ("PrimitiveFloat", {"value": ParameterRef("a-b")})}, parameters={p.name: p for p in declared})
    made = built_by(python_text(flow, REGISTRY))
    keep = ("name", "type", "default", "required", "min", "max", "choices", "description")
    assert [[getattr(p, k) for k in keep] for p in made.parameters.values()] == [
        [getattr(p, k) for k in keep] for p in declared
    ]
    assert made.nodes["1"].inputs["value"] == ParameterRef("a-b")


@pytest.mark.parametrize(
    "nodes",
    [
        {"a": ("LatentFlip", {"samples": Link("b", 0)}), "b": ("LatentFlip", {"samples": Link("a", 0)})},
        {"a": ("LatentFlip", {"samples": Unreadable()})},
        {"a": ("LatentFlip", {"samples": Link("gone", 0)})},
    ],
)
def test_what_cannot_be_said(nodes):
    with pytest.raises(NotExpressible):
        python_text(document(nodes), REGISTRY)
