"""Reading ComfyUI-style classes, and calling into them."""

import asyncio
from types import SimpleNamespace

import pytest

from graphexec.errors import NodeError
from graphexec.pack import ExecutionBlocker, GraphBuilder
from graphexec.ports import Blocked, Outcome
from graphexec.registry.adapter import read_class
from graphexec.registry.notation import Malformed


class Base:
    RETURN_TYPES = ("INT",)
    FUNCTION = "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"x": ("INT", {"default": 0, "min": -1, "max": 9, "step": 2})}}

    def run(self, x):
        return (x,)


def read(cls):
    return read_class("T", cls, provider="test", version="v")


def call(result, outputs=("INT",), **inputs):
    class Node(Base):
        RETURN_TYPES = outputs

        def run(self, **given):
            return result

    return read(Node).function(context(), **inputs)


def context(node="1", instances=None):
    return SimpleNamespace(node_id=node, instances={} if instances is None else instances)


def test_inputs_in_order_with_options():
    class Node(Base):
        @classmethod
        def INPUT_TYPES(cls):
            return {
                "required": {
                    "b": ("FLOAT", {"default": 1.0, "min": 0.0, "round": 0.01}),
                    "a": (["x", "y"], {"default": "y"}),
                    "m": ("MODEL",),
                },
                "optional": {"z": ("STRING", {"multiline": True, "lazy": True}), "raw": ("*", {"rawLink": True}),
                             "c": ("COMBO", {"options": [1, 2]}), "f": ("INT", {"forceInput": True})},
                "hidden": {"p": "PROMPT", "u": ["UNIQUE_ID"]},
            }  # fmt: skip

    spec = read(Node)
    assert [i.name for i in spec.inputs] == ["b", "a", "m", "z", "raw", "c", "f"]
    b, a, m, z, raw, c, f = spec.inputs
    assert (b.type, b.min, b.max, b.default, dict(b.options)) == ("FLOAT", 0.0, None, 1.0, {"round": 0.01})
    assert (a.type, a.choices, a.default) == ("COMBO", ("x", "y"), "y")
    assert m.required and not m.has_default and not z.required and z.lazy and raw.raw_link and f.force_input
    assert c.choices == (1, 2) and "options" not in c.options
    assert spec.hidden == (("p", "PROMPT"), ("u", "UNIQUE_ID")) and spec.id_in_key


def test_texts_that_compare_equal_to_anything_become_plain():
    class Any(str):
        def __ne__(self, other):
            return False

        __hash__ = str.__hash__

    class Node(Base):
        RETURN_TYPES = (Any("*"), ["a", "b"])
        RETURN_NAMES = ("anything",)
        OUTPUT_IS_LIST = (True,)

    first, second = read(Node).outputs
    assert type(first.type) is str and (first.type, first.name, first.is_list) == ("*", "anything", True)
    assert (second.type, second.name, second.is_list) == ("COMBO", "COMBO", False)


def test_flags():
    class Node(Base):
        OUTPUT_NODE = True
        NOT_IDEMPOTENT = True
        INPUT_IS_LIST = True
        CATEGORY = "a/b"

    spec = read(Node)
    assert spec.output_node and spec.always_runs and spec.id_in_key and spec.input_is_list and spec.category == "a/b"
    assert not read(Base).always_runs and not read(Base).id_in_key


@pytest.mark.parametrize("name", ["IS_CHANGED", "VALIDATE_INPUTS", "check_lazy_status"])
def test_only_the_function_may_be_asynchronous(name):
    async def method(*args, **kwargs): ...

    with pytest.raises(Malformed, match=name):
        read(type("Node", (Base,), {name: method}))


def test_one_instance_for_a_node_id_and_type():
    class Node(Base):
        def __init__(self):
            self.calls = 0

        def run(self, x):
            self.calls += 1
            return (self.calls,)

    function, instances = read(Node).function, {}
    assert [function(context(n, instances), x=0) for n in "1121"] == [(1,), (2,), (1,), (3,)]


def test_inputs_may_be_named_like_our_arguments():
    assert call((1,), context=1, type=2, cls=3) == (1,)


def test_tuples_and_lists_and_surplus():
    assert call([3, 4, 5], ("INT", "INT")) == (3, 4)


def test_mappings_become_outcomes():
    assert call({"ui": {"a": [1]}}) == Outcome(ui={"a": [1]})
    assert call({"ui": {"a": [1]}, "result": (7,)}) == Outcome(values=(7,), ui={"a": [1]})
    expand = {"n": {"class_type": "T", "inputs": {}}}
    assert call({"expand": expand, "result": [["n", 0]]}) == Outcome(values=(["n", 0],), expand=expand)
    assert call({"result": ExecutionBlocker("why")}, ("A", "B")).values == (Blocked("why"),) * 2


def test_foreign_blockers_are_recognised():
    class ExecutionBlocker:
        def __init__(self, message):
            self.message = message

    assert call(ExecutionBlocker(None), ("A", "B")) == (Blocked(None),) * 2
    assert call((1, ExecutionBlocker("no")), ("A", "B")) == (1, Blocked("no"))


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (5, "comma"),
        (None, "nothing"),
        ((), "0 values"),
        ({}, "dict"),
        ({"samples": 1}, "dict"),
        ({"ui": 5}, "'ui'"),
        ({"expand": [1]}, "'expand'"),
    ],
)
def test_other_results_are_refused(result, words):
    with pytest.raises(NodeError, match=words):
        call(result)


def test_nothing_is_fine_without_outputs():
    assert call(None, ()) == ()


def test_asynchronous_functions():
    class Node(Base):
        async def run(self, x):
            await asyncio.sleep(0)
            return {"result": (x + 1,)}

    assert asyncio.run(read(Node).function(context(), x=1)).values == (2,)


def test_comfyui_modules_imported_while_running_are_named():
    class Node(Base):
        def run(self, x):
            import comfy.utils

            return (comfy.utils,)

    with pytest.raises(NodeError, match=r"comfy"):
        read(Node).function(context(), x=1)


def test_lazy_status_takes_names_only():
    class Node(Base):
        def check_lazy_status(self, x):
            return ["x", None, 3] if x is None else None

    status = read(Node).lazy_status
    assert status(context(), x=None) == ["x"] and status(context(), x=1) == []


class TestValidation:
    def validation(self, function):
        return read(type("Node", (Base,), {"VALIDATE_INPUTS": staticmethod(function)}))

    def test_named_inputs_only(self):
        seen = {}
        spec = self.validation(lambda x: seen.update(x=x) or True)
        assert spec.validate({"x": 3, "y": 4}, {}) is True and seen == {"x": 3}
        assert spec.inputs[0].unchecked and not spec.validates_links

    def test_links_arrive_as_none(self):
        assert self.validation(lambda x: True if x is None else "not none").validate({}, {"x": "INT"}) is True

    def test_open_ended_takes_all_and_unchecks_all(self):
        spec = self.validation(lambda **given: True if given == {"x": 3, "q": None} else repr(given))
        assert spec.validate({"x": 3}, {"q": "MODEL"}) is True and spec.inputs[0].unchecked

    def test_types_on_request(self):
        spec = self.validation(lambda input_types: True if input_types == {"x": "MASK"} else "no")
        assert spec.validates_links and spec.validate({}, {"x": "MASK"}) is True and not spec.inputs[0].unchecked

    @pytest.mark.parametrize("verdict", [False, None, 1, "wrong size"])
    def test_anything_but_true_is_a_refusal(self, verdict):
        answer = self.validation(lambda x: verdict).validate({"x": 1}, {})
        assert isinstance(answer, str) and (verdict != "wrong size" or answer == "wrong size")

    def test_errors_are_refusals(self):
        assert "ZeroDivisionError" in self.validation(lambda x: 1 / 0).validate({"x": 1}, {})


def test_fingerprint():
    class Node(Base):
        @classmethod
        def IS_CHANGED(cls, x):
            return x

    assert read(Node).fingerprint({"x": 3}) == 3
    assert read(type("L", (Node,), {"INPUT_IS_LIST": True})).fingerprint({"x": 3}) == [3]
    assert read(Base).fingerprint is None


def test_graph_builder():
    graph = GraphBuilder()
    a = graph.node("A", x=1, nothing=None)
    b = graph.node("B", "named", y=a.out(1))
    assert graph.lookup_node("named") is b and graph.node("ignored", "named") is b
    graph.replace_node_output(a.id, 1, 5)
    b.set_override_display_id("9")
    assert graph.finalize() == {
        a.id: {"class_type": "A", "inputs": {"x": 1}},
        b.id: {"class_type": "B", "inputs": {"y": 5}, "override_display_id": "9"},
    }
    assert GraphBuilder().node("A").id != a.id
    graph.remove_node("named")
    assert list(graph.finalize()) == [a.id]
