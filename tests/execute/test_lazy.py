"""Lazy inputs: computed only when asked for."""

import pytest

from tests.support.classes import CLASSES, INT, api, node
from tests.support.running import Bench

LAZY = ("INT", {"lazy": True})


def status(self, pick, a=None, b=None):
    wanted = "ab"[pick]
    return [wanted] if (a, b)[pick] is None else []


Switch = node(
    {"required": {"pick": INT, "a": LAZY, "b": LAZY}},
    ["INT"],
    lambda self, pick, a=None, b=None: ((a, b)[pick],),
    check_lazy_status=status,
)
Both = node(
    {"required": {"a": LAZY, "b": LAZY}},
    ["INT"],
    lambda self, a, b: (a + b,),
    check_lazy_status=lambda self, a, b: ["a"] if a is None else ["b"] if b is None else [],
)
Never = node({"required": {"a": LAZY}}, ["STRING"], lambda self, a: (repr(a),))
Wrong = node({"required": {"a": LAZY}}, ["INT"], lambda self, a: (a,), check_lazy_status=lambda self, a: ["nowhere"])
ALL = {**CLASSES, "Switch": Switch, "Both": Both, "Never": Never, "Wrong": Wrong}

SIDES = {
    "l": ("Source", {"x": 10}),
    "l2": ("Add", {"a": ["l", 0], "b": 1}),
    "r": ("Source", {"x": 20}),
    "r2": ("Add", {"a": ["r", 0], "b": 1}),
}


def switch(pick):
    return api(**SIDES, s=("Switch", {"pick": pick, "a": ["l2", 0], "b": ["r2", 0]}))


@pytest.mark.parametrize(("pick", "value", "ran"), [(0, 11, ("l", "l2", "s")), (1, 21, ("r", "r2", "s"))])
def test_only_the_chosen_side_runs(pick, value, ran):
    result = Bench(ALL).run(switch(pick), ["s"])
    assert result.value("s") == value and result.executed == ran


def test_inputs_may_be_asked_for_one_after_another():
    result = Bench(ALL).run(api(**SIDES, s=("Both", {"a": ["l2", 0], "b": ["r2", 0]})), ["s"])
    assert result.value("s") == 32 and result.executed == ("l", "l2", "r", "r2", "s")


def test_literals_are_always_there():
    assert Bench(ALL).run(api(s=("Switch", {"pick": 1, "a": 3, "b": 4})), ["s"]).value("s") == 4


def test_without_status_nothing_is_asked_for():
    result = Bench(ALL).run(api(**SIDES, s=("Never", {"a": ["l2", 0]})), ["s"])
    assert result.value("s") == "None" and result.executed == ("s",)


def test_asking_for_what_there_is_not_fails():
    (failure,) = Bench(ALL).ending(api(**SIDES, s=("Wrong", {"a": ["l", 0]})), ["s"]).result.failures
    assert "nowhere" in failure.message


def test_a_source_used_strictly_elsewhere_is_not_lost_before_it_is_asked_for():
    """The value is freed after its last use, and the lazy input counts as a use."""
    nodes = api(**SIDES, x=("Add", {"a": ["l2", 0], "b": 0}), s=("Switch", {"pick": ["x", 0], "a": 1, "b": ["l2", 0]}))
    nodes["l"]["inputs"]["x"] = 0  # so that x is 1 and picks b
    assert Bench(ALL, budget=0).run(nodes, ["s"]).value("s") == 1


def test_the_side_that_was_not_chosen_does_not_count_in_the_cache():
    bench = Bench(ALL)
    bench.run(switch(0), ["s"])
    other = switch(0)
    other["r"]["inputs"]["x"] = 99
    result = bench.run(other, ["s"])
    assert "s" in result.reused and result.value("s") == 11


def test_the_chosen_side_counts_in_the_cache():
    bench = Bench(ALL)
    bench.run(switch(0), ["s"])
    other = switch(0)
    other["l"]["inputs"]["x"] = 99
    assert bench.run(other, ["s"]).value("s") == 100


def test_a_lazy_chain_deeper_than_the_stack():
    nodes = {"0": ("Source", {"x": 5})}
    for i in range(1, 3000):
        nodes[str(i)] = ("Switch", {"pick": 0, "a": [str(i - 1), 0], "b": 0})
    assert Bench(ALL).run(api(**nodes), ["2999"]).value("2999") == 5
