"""Values from node to node: list mapping, what is kept, what is released, what is shown."""

import weakref

import pytest

from graphexec.errors import ValueReleased
from tests.support.classes import ANY, CLASSES, INT, api, node
from tests.support.running import Bench

Numbers = node({"n": INT}, ["INT"], lambda self, n: (list(range(n)),), OUTPUT_IS_LIST=(True,))
Total = node({"x": INT}, ["INT"], lambda self, x: (sum(x),), INPUT_IS_LIST=True)
Kinds = node(
    {"required": {"x": INT, "y": INT}, "hidden": {"u": "UNIQUE_ID"}},
    ["STRING"],
    lambda self, x, y, u: (f"{x} {y} {u}",),
    INPUT_IS_LIST=True,
)
Pair = node({"x": INT}, ["INT", "INT"], lambda self, x: (x, [x] * x), OUTPUT_IS_LIST=(False, True))
Join = node({"a": ANY, "b": ANY}, ["STRING"], lambda self, a, b: (f"{a}{b}",))
NoInputs = node({}, ["INT"], lambda self: (7,))
ALL = {**CLASSES, "Numbers": Numbers, "Total": Total, "Kinds": Kinds, "Pair": Pair, "Join": Join, "NoInputs": NoInputs}


def value(target, **nodes):
    id, _, slot = target.partition(":")
    return Bench(ALL).run(api(**nodes), [target]).value(id, int(slot or 0))


def test_a_value_is_the_item_itself():
    assert value("b", a=("Source", {"x": 2}), b=("Add", {"a": ["a", 0], "b": 3})) == 5


def test_no_inputs_is_one_call():
    assert value("a", a=("NoInputs", {})) == 7


class TestLists:
    def test_a_list_output_is_a_list(self):
        assert value("a", a=("Numbers", {"n": 3})) == [0, 1, 2]

    def test_consumers_are_called_once_an_item(self):
        assert value("b", a=("Numbers", {"n": 3}), b=("Add", {"a": ["a", 0], "b": 10})) == [10, 11, 12]

    def test_consumers_of_consumers_too(self):
        nodes = {"a": ("Numbers", {"n": 2}), "b": ("Add", {"a": ["a", 0], "b": 10})}
        assert value("c", **nodes, c=("Add", {"a": ["b", 0], "b": ["b", 0]})) == [20, 22]

    def test_shorter_lists_repeat_their_last_item(self):
        nodes = {"a": ("Numbers", {"n": 4}), "b": ("Numbers", {"n": 2})}
        assert value("c", **nodes, c=("Join", {"a": ["a", 0], "b": ["b", 0]})) == ["00", "11", "21", "31"]

    def test_a_node_that_takes_lists_is_called_once(self):
        nodes = {"a": ("Numbers", {"n": 4}), "b": ("Total", {"x": ["a", 0]})}
        assert value("b", **nodes) == 6

    def test_a_node_that_takes_lists_gets_all_inputs_as_lists(self):
        nodes = {"a": ("Numbers", {"n": 2}), "b": ("Kinds", {"x": ["a", 0], "y": 5})}
        assert value("b", **nodes) == "[0, 1] [5] ['b']"

    def test_list_outputs_of_several_calls_are_joined(self):
        nodes = {"a": ("Numbers", {"n": 3}), "b": ("Pair", {"x": ["a", 0]})}
        assert value("b:0", **nodes) == [0, 1, 2]
        assert value("b:1", **nodes) == [1, 2, 2]

    @pytest.mark.parametrize("n", [0, 1])
    def test_short_lists_are_still_lists(self, n):
        nodes = {"a": ("Numbers", {"n": n}), "b": ("Source", {"x": ["a", 0]})}
        assert value("a", **nodes) == list(range(n))
        if n:
            assert value("b", **nodes) == [0]

    def test_an_empty_list_beside_a_value_is_an_error(self):
        nodes = api(a=("Numbers", {"n": 0}), b=("Add", {"a": ["a", 0], "b": 1}))
        (failure,) = Bench(ALL).ending(nodes, ["b"]).result.failures
        assert failure.node == "b" and "'a' is empty" in failure.message

    def test_ui_of_several_calls_is_joined(self):
        nodes = api(a=("Numbers", {"n": 3}), b=("Show", {"value": ["a", 0]}))
        assert Bench(ALL).run(nodes).ui("b") == {"shown": [0, 1, 2]}


class TestRelease:
    CHAIN = api(a=("Source", {"x": 1}), b=("Add", {"a": ["a", 0], "b": 1}), c=("Show", {"value": ["b", 0]}))

    def test_targets_stay(self):
        result = Bench(ALL).run(self.CHAIN, ["a", "c"])
        assert result.value("a") == 1

    def test_others_name_the_target_that_would_keep_them(self):
        result = Bench(ALL).run(self.CHAIN)
        with pytest.raises(ValueReleased, match=r"targets=\['b:0'\]"):
            result.value("b")

    def test_only_the_wanted_slot_is_kept(self):
        result = Bench(ALL).run(api(a=("Pair", {"x": 2})), ["a:1"])
        assert result.value("a", 1) == [2, 2]
        with pytest.raises(ValueReleased):
            result.value("a", 0)

    def test_unknown_nodes_and_slots_are_key_errors(self):
        result = Bench(ALL).run(self.CHAIN, ["a"])
        for node_, slot in (("nowhere", 0), ("a", 5), ("a", "NAME"), ("a", -1), ("c", 0)):
            with pytest.raises(KeyError):
                result.value(node_, slot)

    def test_slots_have_names(self):
        assert Bench(ALL).run(self.CHAIN, ["a"]).value("a", "INT") == 1

    def test_values_are_freed_after_their_last_use(self):
        """At most two of the values of a chain are alive at any time when nothing stores them."""

        class Big:
            pass

        living: weakref.WeakSet[Big] = weakref.WeakSet()
        most = 0

        def make(self, value):
            nonlocal most
            big = Big()
            living.add(big)
            most = max(most, len(living))
            return (big,)

        classes = {"Big": node({"value": ANY}, ["BIG"], make)}
        nodes = {"0": ("Big", {"value": 0})} | {str(i): ("Big", {"value": [str(i - 1), 0]}) for i in range(1, 20)}
        Bench(classes, budget=0).run(api(**nodes), ["19"])
        assert most == 2


def test_undeclared_links_reach_the_function():
    Any = node({}, ["INT"], lambda self, **given: (given["extra"],))
    bench = Bench({**ALL, "Any": Any})
    assert bench.run(api(a=("Source", {"x": 4}), b=("Any", {"extra": ["a", 0]})), ["b"]).value("b") == 4


def test_optional_inputs_that_are_missing_are_left_out():
    Optional = node({"required": {}, "optional": {"x": INT}}, ["INT"], lambda self, x=9: (x,))
    assert Bench({"Optional": Optional}).run(api(a=("Optional", {})), ["a"]).value("a") == 9


def test_hidden_values():
    seen = {}
    hidden = {"p": "PROMPT", "w": "EXTRA_PNGINFO", "u": "UNIQUE_ID", "d": "DYNPROMPT", "x": "AUTH_TOKEN_COMFY_ORG"}
    Sees = node({"required": {}, "hidden": hidden}, ["INT"], lambda self, **given: (seen.update(given), (1,))[1])
    nodes = api(a=("Sees", {}))
    Bench({"Sees": Sees}).run(nodes, ["a"])
    assert seen["p"] == nodes and seen["w"] is None and seen["u"] == "a" and seen["x"] is None
    assert seen["d"].get_node("a") == nodes["a"] and seen["d"].has_node("a") and not seen["d"].has_node("b")


def test_instances_live_from_run_to_run():
    def run(self, x):
        self.count = getattr(self, "count", 0) + 1
        return (self.count,)

    bench = Bench({"Counting": node({"x": INT}, ["INT"], run)})
    counts = [bench.run(api(a=("Counting", {"x": x})), ["a"]).value("a") for x in (1, 2, 3)]
    assert counts == [1, 2, 3]


@pytest.mark.parametrize("returned", [(1,), [1], {"result": (1,)}, {"ui": {}, "result": [1]}])
def test_forms_of_results(returned):
    assert Bench({"N": node({}, ["INT"], lambda self: returned)}).run(api(a=("N", {})), ["a"]).value("a") == 1
