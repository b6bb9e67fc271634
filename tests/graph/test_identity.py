"""The digest of a graph: what leaves it alone, and what changes it."""

import copy
import random
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from graphexec.document.model import Target
from graphexec.graph.build import build
from graphexec.graph.identity import Content, graph_digest, structure_digest
from graphexec.graph.model import GraphTarget
from tests.support.graphs import document, graph
from tests.support.specs import Types, spec

TYPES = Types(
    spec("Source", ["x:INT", "f:FLOAT?", "t:STRING?"], ["INT", "INT"], continues={}),
    spec("Twin", ["x:INT", "f:FLOAT?", "t:STRING?"], ["INT", "INT"]),
    spec("Add", ["a:INT", "b:INT"], ["INT", "INT"]),
    spec("Show", ["value:INT"], [], output_node=True),
)


def built(api, targets=(), meta=None):
    doc = document(api)
    nodes = {id: replace(node, meta=(meta or {}).get(id, {})) for id, node in doc.nodes.items()}
    result, findings = build(replace(doc, nodes=nodes, targets=tuple(targets)), TYPES)
    assert result is not None, [str(f) for f in findings]
    return result


def of(api, targets=(), meta=None):
    return graph_digest(built(api, targets, meta))


@st.composite
def graphs(draw):
    """Draw an API dictionary; every node is linked to earlier ones or is a source, the last one is an output."""
    api = {}
    for number in range(draw(st.integers(1, 8))):
        places = [[id, slot] for id in api for slot in (0, 1)]
        type = draw(st.sampled_from(["Add", "Source", "Twin"] if places else ["Source", "Twin"]))
        if type == "Add":
            inputs = {name: draw(st.sampled_from(places)) for name in ("a", "b")}
        else:
            inputs = {"x": draw(st.integers(0, 2)), **draw(st.sampled_from([{}, {"f": 0.5}, {"t": "text"}]))}
        api[str(number)] = {"class_type": type, "inputs": inputs}
    api["end"] = {"class_type": "Show", "inputs": {"value": draw(st.sampled_from([[id, 0] for id in api]))}}
    return api


def renamed(api, names):
    return {
        names[id]: {
            **node,
            "inputs": {
                k: [names[v[0]], v[1]] if isinstance(v, list) else v for k, v in reversed(node["inputs"].items())
            },
        }
        for id, node in api.items()
    }


@given(graphs(), st.randoms(use_true_random=False))
def test_ids_and_order_do_not_count(api, rng):
    names = dict(zip(api, rng.sample([f"n{i}" for i in range(100)], len(api))))
    other = list(renamed(api, names).items())
    rng.shuffle(other)
    assert of(dict(other)) == of(api)


def faults(api):
    """Yield copies of an API dictionary with one thing changed."""
    for id, node in api.items():
        for name, value in node["inputs"].items():
            changed = copy.deepcopy(api)
            if isinstance(value, list):
                changed[id]["inputs"][name] = [value[0], 1 - value[1]]
            else:
                changed[id]["inputs"][name] = value + "!" if isinstance(value, str) else value + 7
            yield changed
        if node["class_type"] in ("Source", "Twin"):
            changed = copy.deepcopy(api)
            changed[id]["class_type"] = "Twin" if node["class_type"] == "Source" else "Source"
            yield changed
            yield {**api, "more": node}
            without = {k: v for k, v in node["inputs"].items() if k != "f"}
            yield {**api, id: {**node, "inputs": {**without, **({"f": 0.0} if "f" not in node["inputs"] else {})}}}


@given(graphs())
def test_any_other_literal_link_or_type_is_another_graph(api):
    plain = of(api)
    for changed in faults(api):
        assert of(changed) != plain


def source(x=1, **more):
    return ("Source", {"x": x, **more})


def short(**nodes):
    return {id: {"class_type": type, "inputs": inputs} for id, (type, inputs) in nodes.items()}


def test_one_node_used_twice_is_not_two_that_compute_the_same():
    rest = {"show": ("Show", {"value": ["add", 0]})}
    shared = short(a=source(), b=source(), add=("Add", {"a": ["a", 0], "b": ["a", 0]}), **rest)
    apart = short(a=source(), b=source(), add=("Add", {"a": ["a", 0], "b": ["b", 0]}), **rest)
    single = short(a=source(), add=("Add", {"a": ["a", 0], "b": ["a", 0]}), **rest)
    assert len({of(shared), of(apart), of(single)}) == 3


def test_duplicates_count():
    one = short(a=source(), s=("Show", {"value": ["a", 0]}))
    two = short(a=source(), s=("Show", {"value": ["a", 0]}), t=("Show", {"value": ["a", 0]}))
    assert of(one) != of(two)


def test_exchanged_inputs_are_another_graph():
    def subtract(a, b):
        return of(
            short(
                p=source(1), q=source(2), d=("Add", {"a": [a, 0], "b": [b, 0]}), s=("Show", {"value": ["d", 0]})
            )
        )  # fmt: skip

    assert subtract("p", "q") != subtract("q", "p")


def test_literals_count_as_the_node_gets_them():
    assert of(short(a=source(f=8), s=("Show", {"value": ["a", 0]}))) == of(
        short(a=source(f=8.0), s=("Show", {"value": ["a", 0]}))
    )


def test_literals_that_no_input_takes_do_not_count():
    assert of(short(a=source(), s=("Show", {"value": ["a", 0]}))) == of(
        short(a=source(upload="image"), s=("Show", {"value": ["a", 0]}))
    )


def test_targets_count():
    api = short(a=source(), s=("Show", {"value": ["a", 0]}))
    by_name = {of(api, targets) for targets in ([Target("a", 0)], [Target("a", 1)], [Target("a")], [Target("s")])}
    assert len(by_name) == 4
    assert of(api) == of(api, [Target("s")]), "without targets, the output nodes are meant"


def test_settings_of_a_node_count_and_titles_do_not():
    api = short(a=source(), s=("Show", {"value": ["a", 0]}))
    assert of(api) == of(api, meta={"a": {"title": "first"}})
    assert of(api) != of(api, meta={"a": {"graphexec": {"continuation": "exact"}}})


def test_a_chain_of_100_000_nodes():
    ids = [str(n) for n in range(100_000)]
    nodes = {ids[0]: Content("Source", {"x": 1}, {})}
    nodes |= {id: Content("Add", {}, {"a": (before, 0), "b": (before, 0)}) for before, id in pairwise(ids)}
    plain = structure_digest(nodes, ids, [GraphTarget(ids[-1])])
    nodes[ids[0]] = Content("Source", {"x": 2}, {})
    assert structure_digest(nodes, ids, [GraphTarget(ids[-1])]) != plain


def test_the_digest_is_the_same_in_every_process():
    """Locks and journals keep it, so a change here is a change of their format."""
    api = short(a=source(f=0.5, t="x"), s=("Show", {"value": ["a", 0]}))
    assert of(api) == "d1017fe13db03053a3592fd877129ef3a6adda624ef31c3f787f4ea2e06907ff"


def test_graphs_of_packs_have_one_too():
    from tests.support.classes import CLASSES, api

    rng = random.Random(1)
    flow = api(a=("Source", {"x": 1}), b=("Add", {"a": ["a", 0], "b": 2}), c=("Show", {"value": ["b", 0]}))
    items = list(flow.items())
    rng.shuffle(items)
    assert graph_digest(graph(flow, CLASSES)) == graph_digest(graph(dict(items), CLASSES))
