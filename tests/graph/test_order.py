"""The order of execution and cycles: laws over random graphs, networkx as the other opinion."""

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.document.model import Target
from graphexec.graph.build import build
from graphexec.graph.dag import cycles, to_networkx
from graphexec.graph.order import depth_first, needed_by
from tests.support.specs import Types, document, spec

JOIN = spec("Join", ("a:X?", "b:X?", "c:X?"), ("X",), output_node=True)
TYPES = Types(JOIN)


@st.composite
def links(draw, acyclic=False, most=12):
    """Draw what each node needs: up to three others (or itself), in any order of the file."""
    count = draw(st.integers(1, most))
    ids = [f"n{i}" for i in draw(st.permutations(range(count)))]
    below = range(count)
    return {
        ids[i]: draw(
            st.lists(st.sampled_from(ids[:i] if acyclic else [ids[k] for k in below]), max_size=3)
            if i or not acyclic
            else st.just([])
        )
        for i in draw(st.permutations(range(count)))
    }


def joined(upstream):
    return document(**{id: ("Join", dict(zip("abc", ((n, 0) for n in needs)))) for id, needs in upstream.items()})


@given(links())
def test_a_cycle_is_found_if_and_only_if_networkx_finds_one(upstream):
    graph, found = build(joined(upstream), TYPES)
    other = nx.DiGraph([(need, node) for node, needs in upstream.items() for need in needs])
    other.add_nodes_from(upstream)
    acyclic = nx.is_directed_acyclic_graph(other)
    assert (graph is not None) == acyclic
    assert depth_first(upstream, ())[1] != acyclic
    assert len([f for f in found if f.code == "GX207"]) == len(list(cycles(upstream)))


@given(links())
def test_each_knot_has_one_cycle_of_real_links_and_no_shorter_one_through_its_start(upstream):
    other = nx.DiGraph([(need, node) for node, needs in upstream.items() for need in needs])
    knots = [k for k in nx.strongly_connected_components(other) if len(k) > 1 or any(n in upstream[n] for n in k)]
    found = list(cycles(upstream))
    assert sorted(min(k) for k in knots) == sorted(min(next(k for k in knots if c[0] in k)) for c in found)
    for cycle in found:
        assert len(set(cycle)) == len(cycle)
        for source, target in zip(cycle, [*cycle[1:], cycle[0]]):
            assert source in upstream[target]
        assert len(cycle) == min(len(c) for c in nx.simple_cycles(other) if cycle[0] in c)


@given(links(acyclic=True))
def test_the_order_is_topological(upstream):
    graph, _ = build(joined(upstream), TYPES)
    place = {id: index for index, id in enumerate(graph.order)}
    assert set(place) == set(upstream) == set(graph.nodes) and list(graph.nodes) == list(upstream)
    assert all(place[need] < place[node] for node, needs in upstream.items() for need in needs)


@given(links(acyclic=True), st.randoms(use_true_random=False))
def test_new_ids_change_nothing_but_names(upstream, random):
    fresh = [f"x{i}" for i in range(len(upstream))]
    random.shuffle(fresh)
    new = dict(zip(upstream, fresh))
    renamed = {new[node]: [new[need] for need in needs] for node, needs in upstream.items()}
    graph, _ = build(joined(upstream), TYPES)
    other, _ = build(joined(renamed), TYPES)
    assert other.order == tuple(new[id] for id in graph.order)
    assert [t.node for t in other.targets] == [new[t.node] for t in graph.targets]


@given(links(acyclic=True), st.data())
def test_what_a_target_needs_comes_first_and_nothing_else_before_it(upstream, data):
    target = data.draw(st.sampled_from(sorted(upstream)))
    graph, _ = build(joined(upstream), TYPES, targets=[Target(target)])
    needed = needed_by([target], upstream)
    assert set(graph.order[: len(needed)]) == needed and graph.order[len(needed) - 1] == target
    assert needed == nx.ancestors(to_networkx(graph), target) | {target}


def test_a_branch_is_finished_before_the_next_begins():
    upstream = {"a1": [], "b1": [], "a2": ["a1"], "b2": ["b1"], "a3": ["a2"], "b3": ["b2"]}
    assert depth_first(upstream, ["a3", "b3"])[0] == ["a1", "a2", "a3", "b1", "b2", "b3"]


def test_networkx_has_the_sockets():
    graph, _ = build(joined({"p": [], "q": ["p", "p"]}), TYPES)
    made = to_networkx(graph)
    assert sorted((u, v, d["output"], d["input"]) for u, v, d in made.edges(data=True)) == [
        ("p", "q", 0, "a"), ("p", "q", 0, "b"),
    ]  # fmt: skip
    assert made.nodes["p"] == {"type": "Join"}


@pytest.mark.parametrize("forwards", [True, False])
def test_a_chain_of_100_000_nodes(forwards):
    count = 100_000
    ids = range(count) if forwards else range(count - 1, -1, -1)
    upstream = {f"n{i}": [f"n{i - 1}"] if i else [] for i in ids}
    order, cyclic = depth_first(upstream, [f"n{count - 1}"])
    assert not cyclic and order == [f"n{i}" for i in range(count)]
    assert len(needed_by([f"n{count - 1}"], upstream)) == count


def test_a_cycle_that_no_target_needs_is_left_out_with_all_behind_it():
    workflow = joined({"a": [], "b": ["c"], "c": ["b"], "d": ["c", "a"], "e": ["a"]})
    graph, _ = build(workflow, TYPES, targets=[Target("e")])
    assert graph is not None and list(graph.nodes) == ["a", "e"] and graph.order == ("a", "e")


def test_a_cycle_of_20_000_nodes_is_reported_with_its_middle_left_out():
    count = 20_000
    found = build(joined({f"n{i}": [f"n{(i - 1) % count}"] for i in range(count)}), TYPES)[1]
    assert [f.code for f in found] == ["GX207"]
    assert "20000 nodes feed each other: n0 → n1 →" in found[0].message and "more) → n19999 → n0" in found[0].message
    assert len(found[0].message) < 400
