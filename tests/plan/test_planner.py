"""Plans: what targets need, what the cache makes superfluous, in which order."""

from hypothesis import given
from hypothesis import strategies as st

from graphexec.plan.fingerprints import Fingerprints
from graphexec.plan.keys import Recipes, World
from graphexec.plan.model import Known
from graphexec.plan.planner import make_plan
from graphexec.ports import Policy
from tests.support.classes import CLASSES, INT, api, node
from tests.support.graphs import graph

Lazy = node(
    {"required": {"first": INT, "second": ("INT", {"lazy": True})}},
    ["INT"],
    lambda self, first, second: (first,),
    check_lazy_status=lambda self, first, second: [],
)
ALL = {**CLASSES, "Lazy": Lazy}
CHAIN = api(
    a=("Source", {"x": 1}),
    b=("Add", {"a": ["a", 0], "b": 1}),
    c=("Add", {"a": ["b", 0], "b": ["a", 0]}),
    d=("Show", {"value": ["c", 0]}),
)


class Keys(frozenset):
    """A cache that has an entry for each of these keys."""

    def known(self, digests):
        return set(self.intersection(digests))


def plan(workflow, cached=(), targets=None):
    made = Recipes(World(Policy(), None, Fingerprints()))
    built = graph(workflow, ALL, targets)
    keys = make_plan(built, made, Keys()).keys
    lookup = Keys(key.digest for id, key in keys.items() if id in cached and isinstance(key, Known))
    return make_plan(built, made, lookup)


def ids(plan):
    return [step.node.id for step in plan.steps]


def test_all_output_nodes_by_default():
    assert ids(plan(CHAIN)) == ["a", "b", "c", "d"]


def test_targets_leave_the_rest_out():
    assert ids(plan(CHAIN, targets=["b:0"])) == ["a", "b"]


def test_a_cached_step_prunes_what_only_it_needs():
    found = plan(CHAIN, cached={"c"})
    assert ids(found) == ["c", "d"] and found.pruned == ("a", "b")
    assert [step.cached for step in found.steps] == [True, False]


def test_what_another_step_needs_stays():
    found = plan(CHAIN, cached={"b"})
    assert ids(found) == ["a", "b", "c", "d"] and found.pruned == ()


def test_output_nodes_of_packs_are_never_cached():
    assert [step.cached for step in plan(CHAIN, cached={"a", "b", "c", "d"}).steps] == [True, False]


def test_a_cached_target_is_all_there_is():
    found = plan(CHAIN, cached={"c", "a"}, targets=["c"])
    assert ids(found) == ["c"] and found.pruned == ("a", "b")


def test_lazy_steps_are_marked():
    workflow = api(
        a=("Source", {"x": 1}),
        b=("Source", {"x": 2}),
        c=("Add", {"a": ["b", 0], "b": ["a", 0]}),
        d=("Lazy", {"first": ["a", 0], "second": ["c", 0]}),
        e=("Show", {"value": ["d", 0]}),
    )
    assert {step.node.id: step.lazy for step in plan(workflow).steps} == {
        "a": False, "b": True, "c": True, "d": False, "e": False,
    }  # fmt: skip


def keys_of(workflow):
    """The keys known before the run: of all nodes but the output nodes, which run every time."""
    return {id: key.digest for id, key in plan(workflow).keys.items() if isinstance(key, Known)}


def test_renaming_ids_keeps_all_keys():
    names = {"a": "10", "b": "x:y", "c": "7", "d": "z"}
    renamed = {
        names[id]: {
            "class_type": n["class_type"],
            "inputs": {k: [names[v[0]], v[1]] if isinstance(v, list) else v for k, v in n["inputs"].items()},
        }
        for id, n in CHAIN.items()
    }
    assert sorted(keys_of(CHAIN).values()) == sorted(keys_of(renamed).values())


@st.composite
def workflows(draw):
    """A random DAG with one output node above its last nodes."""
    count = draw(st.integers(2, 12))
    nodes = {"0": ("Source", {"x": draw(st.integers(0, 3))})}
    for index in range(1, count):
        ends = [draw(st.integers(0, index - 1) | st.none()) for _ in range(2)]
        values = [draw(st.integers(0, 3)) if end is None else [str(end), 0] for end in ends]
        nodes[str(index)] = ("Add", {"a": values[0], "b": values[1]})
    for index in range(count):
        nodes[f"show{index}"] = ("Show", {"value": [str(index), 0]})
    return api(**nodes)


def descendants(workflow, id):
    found = {id}
    for other, n in workflow.items():  # file order is topological here
        if any(isinstance(v, list) and v[0] in found for v in n["inputs"].values()):
            found.add(other)
    return found


@given(workflows(), st.data())
def test_one_changed_literal_changes_the_keys_of_its_descendants_and_no_others(workflow, data):
    literals = [(i, k) for i, n in workflow.items() for k, v in n["inputs"].items() if isinstance(v, int)]
    id, name = data.draw(st.sampled_from(literals))
    changed = {i: {**n, "inputs": dict(n["inputs"])} for i, n in workflow.items()}
    changed[id]["inputs"][name] += 1
    before, after = keys_of(workflow), keys_of(changed)
    assert {i for i in before if before[i] != after[i]} == descendants(workflow, id) & before.keys()


@given(workflows(), st.data())
def test_steps_are_in_order_and_complete(workflow, data):
    """Every input of an uncached step is itself a step, before it; no step is there for nothing."""
    cached = data.draw(st.sets(st.sampled_from(list(workflow))))
    found = plan(workflow, cached)
    position = {step.node.id: index for index, step in enumerate(found.steps)}
    used = {target.node for target in found.graph.targets}
    for step in found.steps:
        if not step.cached:
            for edge in step.node.links.values():
                assert position[edge.node] < position[step.node.id]
                used.add(edge.node)
    assert used == set(position) and not set(found.pruned) & set(position)


def test_a_long_chain_is_planned_without_recursion():
    count = 5_000
    nodes = {"0": ("Source", {"x": 1})} | {str(i): ("Add", {"a": [str(i - 1), 0], "b": 1}) for i in range(1, count)}
    assert len(plan(api(**nodes, end=("Show", {"value": [str(count - 1), 0]}))).steps) == count + 1
