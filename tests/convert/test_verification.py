"""The proof of a conversion: it holds for every format, and fails when a writer loses or changes anything."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings

from graphexec.api import Session
from graphexec.convert.verification import meaning, verify
from graphexec.document.model import Document, Link, NodeDecl, Parameter, ParameterRef, Source, Target
from graphexec.graph.identity import graph_digest
from tests.convert.generated import documents
from tests.document.editor.flows import REGISTRY

LIMITS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
SESSION = Session(cache=None)


FLOW = Document(
    Source("test", "", "json"),
    {
        "a": NodeDecl("a", "EmptyLatentImage", {"width": 64, "height": 64, "batch_size": ParameterRef("n")}, ("a",)),
        "b": NodeDecl("b", "VAEDecode", {"samples": Link("a", 0), "vae": Link("c", 0)}, ("b",)),
        "c": NodeDecl("c", "VAELoader", {"vae_name": "x"}, ("c",)),
    },
    (Target("b"),),
    {"n": Parameter("n", "INT", 2, ("n",))},
)


@settings(max_examples=60, deadline=None, suppress_health_check=LIMITS)
@given(documents(size=4))
@example(FLOW)
def test_the_digest_of_an_outline_is_that_of_the_graph(drawn):
    graph, _ = SESSION.build(drawn, files_required=False)
    if drawn is FLOW:
        assert graph is not None
    if graph is not None:  # few that are drawn have no error
        assert meaning(drawn, REGISTRY).digest == graph_digest(graph)


def changed(id, **fields):
    return FLOW.with_nodes({**FLOW.nodes, id: replace(FLOW.nodes[id], **fields)})


def test_parameters_count_by_their_values():
    written = replace(changed("a", inputs={"width": 64, "height": 64, "batch_size": 2}), parameters={})
    assert verify(FLOW, written, REGISTRY).unchanged


@pytest.mark.parametrize(
    "written",
    [
        changed("a", inputs={"width": 64, "height": 72, "batch_size": 2}),
        changed("a", inputs={"width": 64, "batch_size": 2}),
        changed("a", type="EmptySD3LatentImage"),
        changed("b", inputs={"samples": Link("a", 0), "vae": Link("a", 0)}),
        changed("b", inputs={"samples": Link("a", 0)}),
        FLOW.with_nodes({id: node for id, node in FLOW.nodes.items() if id != "c"}),
        FLOW.with_nodes({**FLOW.nodes, "d": replace(FLOW.nodes["a"], id="d")}),
        replace(FLOW, targets=()),
        replace(FLOW, targets=(Target("b", 0),)),
        replace(FLOW, parameters={"n": Parameter("n", "INT", 3, ("n",))}),
    ],
)
def test_a_planted_fault_is_found(written):
    verdict = verify(FLOW, written, REGISTRY)
    assert not verdict.unchanged
    assert verdict.comparison is not None and not verdict.comparison.equal
