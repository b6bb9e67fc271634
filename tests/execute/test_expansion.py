"""Expansion: graphs in place of outputs, loops, what they cache, what they may not do."""

import pytest

from graphexec.pack import ExecutionBlocker, GraphBuilder
from tests.support.classes import ANY, CLASSES, INT, api, node
from tests.support.running import Bench


def double(self, x):
    graph = GraphBuilder()
    add = graph.node("Add", a=x, b=x)
    return {"expand": graph.finalize(), "result": (add.out(0),)}


def count_down(self, n, total):
    """Add n + (n-1) + ... + 1 to total by re-emitting itself."""
    if n == 0:
        return (total,)
    graph = GraphBuilder()
    add = graph.node("Add", a=total, b=n)
    again = graph.node("CountDown", n=n - 1, total=add.out(0))
    return {"expand": graph.finalize(), "result": (again.out(0),)}


def expanding(graph, result, outputs=("INT",)):
    return node({}, outputs, lambda self: {"expand": graph, "result": result})


calls = []
Noted = node({"x": INT}, ["INT"], lambda self, x: (calls.append(x), (x,))[1])
Double = node({"x": INT}, ["INT"], double)
CountDown = node({"n": INT, "total": INT}, ["INT"], count_down)
Numbers = node({"n": INT}, ["INT"], lambda self, n: (list(range(n)),), OUTPUT_IS_LIST=(True,))
Plain = expanding({"i": {"class_type": "Source", "inputs": {"x": 1}}}, (["i", 0], 7), ("INT", "INT"))
Shows = expanding(
    {
        "v": {"class_type": "Source", "inputs": {"x": 3}},
        "s": {"class_type": "Show", "inputs": {"value": ["v", 0]}},
    },
    (["v", 0],),
)
ALL = {
    **CLASSES, "Noted": Noted, "Double": Double, "CountDown": CountDown, "Numbers": Numbers, "Plain": Plain,
    "Shows": Shows,
}  # fmt: skip


@pytest.fixture(autouse=True)
def forget():
    calls.clear()


def test_outputs_come_from_the_children():
    result = Bench(ALL).run(api(a=("Source", {"x": 4}), d=("Double", {"x": ["a", 0]})), ["d"])
    assert result.value("d") == 8 and result.executed == ("a", "d")


def test_links_and_plain_values_side_by_side():
    result = Bench(ALL).run(api(p=("Plain", {})), ["p"])
    assert (result.value("p", 0), result.value("p", 1)) == (1, 7)


def test_consumers_wait_for_the_children():
    nodes = api(a=("Source", {"x": 4}), d=("Double", {"x": ["a", 0]}), e=("Double", {"x": ["d", 0]}))
    assert Bench(ALL).run(nodes, ["e"]).value("e") == 16


def test_each_item_of_a_list_expands():
    nodes = api(a=("Numbers", {"n": 4}), d=("Double", {"x": ["a", 0]}))
    assert Bench(ALL).run(nodes, ["d"]).value("d") == [0, 2, 4, 6]


def test_output_nodes_inside_run_and_show_under_the_parent():
    bench = Bench(ALL)
    result = bench.run(api(s=("Shows", {})), ["s"])
    assert result.ui("s") == {"shown": [3]} and {e.node for e in bench.events} == {"s"}
    assert bench.run(api(s=("Shows", {})), ["s"]).ui("s") == {"shown": [3]}, "reuse must not skip what is shown"


@pytest.mark.parametrize("depth", [0, 1, 2, 5])
def test_loops(depth):
    result = Bench(ALL).run(api(c=("CountDown", {"n": depth, "total": 100})), ["c"])
    assert result.value("c") == 100 + depth * (depth + 1) // 2


def test_a_long_loop_needs_no_recursion_and_has_short_ids():
    seen = []

    def note(self, n, total, u):
        seen.append(u)
        return count_down(self, n, total)

    Noting = node({"required": {"n": INT, "total": INT}, "hidden": {"u": "UNIQUE_ID"}}, ["INT"], note)
    depth = 2000
    result = Bench({**ALL, "CountDown": Noting}).run(api(c=("CountDown", {"n": depth, "total": 0})), ["c"])
    assert result.value("c") == depth * (depth + 1) // 2
    assert len(set(seen)) == depth + 1 and max(map(len, seen)) < 10


def test_ids_are_local_to_the_graph():
    """The child is called like a node of the file; its link means the child, the link given as a raw one the file's."""
    graph = {
        "a": {"class_type": "Source", "inputs": {"x": 1}},
        "b": {"class_type": "Source", "inputs": {"x": ["a", 0]}},
    }
    nodes = api(a=("Source", {"x": 50}), e=("Local", {}), s=("Add", {"a": ["a", 0], "b": ["e", 0]}))
    assert Bench({**ALL, "Local": expanding(graph, (["b", 0],))}).run(nodes, ["s"]).value("s") == 51


def test_raw_links_reach_into_the_file():
    def expand(self, x):
        graph = GraphBuilder()
        add = graph.node("Add", a=x, b=1)
        return {"expand": graph.finalize(), "result": (add.out(0),)}

    seen = []
    Raw = node({"x": ("INT", {"rawLink": True})}, ["INT"], lambda self, x: (seen.append(x), expand(self, x))[1])
    nodes = api(a=("Source", {"x": 50}), r=("Raw", {"x": ["a", 0]}))
    assert Bench({**ALL, "Raw": Raw}, budget=0).run(nodes, ["r"]).value("r") == 51
    assert seen == [["a", 0]]


def loop_over_the_file(self, i, value, me, dyn):
    """Re-emit the body (node `b` of the file and this node), as loops in packs do with DYNPROMPT."""
    if i >= 3:
        return (value,)
    graph = GraphBuilder()
    body = graph.node(dyn.get_node("b")["class_type"], "body", a=value, b=dyn.get_node("b")["inputs"]["b"])
    again = graph.node(dyn.get_node(me)["class_type"], "again", i=i + 1, value=body.out(0))
    again.set_override_display_id("b")
    return {"expand": graph.finalize(), "result": (again.out(0),)}


LOOP_INPUTS = {"required": {"i": INT, "value": INT}, "hidden": {"me": "UNIQUE_ID", "dyn": "DYNPROMPT"}}
FileLoop = node(LOOP_INPUTS, ["INT"], loop_over_the_file)
FILE_LOOP = api(
    k=("Noted", {"x": 10}),
    b=("Add", {"a": 0, "b": ["k", 0]}),
    l=("FileLoop", {"i": 0, "value": ["b", 0]}),
)


def test_loops_may_refer_to_any_node_of_the_file():
    """`k` has had its last use in the file when the loop links to it again."""
    bench = Bench({**ALL, "FileLoop": FileLoop}, budget=0)
    assert bench.run(FILE_LOOP, ["l"]).value("l") == 40 and calls == [10]


def test_nodes_of_the_file_that_the_cache_made_superfluous_come_back():
    bench = Bench({**ALL, "FileLoop": FileLoop})
    bench.run(FILE_LOOP, ["b"])
    again = {**FILE_LOOP, "l": {"class_type": "FileLoop", "inputs": {"i": 2, "value": ["b", 0]}}}
    assert "k" in bench.plan(again, ["l"]).pruned
    assert bench.run(again, ["l"]).value("l") == 20 and calls == [10]


class TestCache:
    def test_the_parent_is_reused_as_a_whole(self):
        bench = Bench(ALL)
        nodes = api(c=("CountDown", {"n": 3, "total": 0}))
        assert bench.run(nodes, ["c"]).executed == ("c",)
        result = bench.run(nodes, ["c"])
        assert result.reused == ("c",) and result.value("c") == 6

    def test_children_are_reused_by_another_parent(self):
        def expand(self, x, y):
            graph = GraphBuilder()
            add = graph.node("Add", a=graph.node("Noted", x=x).out(0), b=y)
            return {"expand": graph.finalize(), "result": (add.out(0),)}

        bench = Bench({**ALL, "E": node({"x": INT, "y": INT}, ["INT"], expand)})
        assert bench.run(api(e=("E", {"x": 5, "y": 1})), ["e"]).value("e") == 6
        assert bench.run(api(e=("E", {"x": 5, "y": 2})), ["e"]).value("e") == 7
        assert calls == [5]

    def test_values_that_are_no_data_are_passed_and_not_mixed_up(self):
        class Thing:
            def __init__(self, name):
                self.name = name

        def expand(self, name):
            graph = GraphBuilder()
            return {"expand": graph.finalize() | {"o": {"class_type": "Open", "inputs": {"thing": Thing(name)}}},
                    "result": (["o", 0],)}  # fmt: skip

        Open = node({"thing": ANY}, ["STRING"], lambda self, thing: (thing.name,))
        bench = Bench({"Open": Open, "E": node({"name": ("STRING", {})}, ["STRING"], expand)})
        assert [bench.run(api(e=("E", {"name": n})), ["e"]).value("e") for n in "ab"] == ["a", "b"]


def test_blocked_children_block_the_output():
    Block = node({}, ["INT"], lambda self: (ExecutionBlocker(None),))
    graph = {"b": {"class_type": "Block", "inputs": {}}, "c": {"class_type": "Source", "inputs": {"x": ["b", 0]}}}
    bench = Bench({**ALL, "Block": Block, "E": expanding(graph, (["c", 0],))})
    result = bench.run(api(e=("E", {}), s=("Show", {"value": ["e", 0]})))
    assert result.blocked == ("s",)


@pytest.mark.parametrize(
    ("graph", "result", "words"),
    [
        ({"a": {"class_type": "Nowhere", "inputs": {}}}, (["a", 0],), "unknown type 'Nowhere'"),
        ({"a": 5}, (1,), "malformed"),
        ({"a": {"class_type": "Source", "inputs": {"x": ["b", 0]}}}, (["a", 0],), "unknown node 'b'"),
        ({"a": {"class_type": "Source", "inputs": {"x": ["e", 5]}}}, (["a", 0],), "missing output 5"),
        ({"a": {"class_type": "Source", "inputs": {"x": 1}}}, (["a", 9],), "no such output"),
        ({"a": {"class_type": "Source", "inputs": {"x": 1}}}, (), "0 values"),
        ({"a": {"class_type": "Source", "inputs": {"x": ["a", 0]}}}, (["a", 0],), "circle"),
        ({"a": {"class_type": "Source", "inputs": {"x": ["e", 0]}}}, (["a", 0],), "circle"),
        ({"a": {"class_type": "Source", "inputs": {"nothing": 1}}}, (["a", 0],), "Source: TypeError"),
    ],
)
def test_mistakes_are_failures_of_the_parent(graph, result, words):
    (failure,) = Bench({**ALL, "E": expanding(graph, result)}).ending(api(e=("E", {})), ["e"]).result.failures
    assert failure.node == "e" and failure.node_type == "E" and words in failure.message
