"""Blocked values: consumers are skipped, output nodes do not run, a message is told once."""

from graphexec.pack import ExecutionBlocker
from graphexec.ports import Blocked
from tests.support.classes import ANY, CLASSES, INT, api, node
from tests.support.running import Bench

Block = node({"why": ("STRING", {})}, ["INT"], lambda self, why: (ExecutionBlocker(why or None),))
BlockAll = node({}, ["INT", "INT"], lambda self: ExecutionBlocker(None))
OddOnly = node({"x": INT}, ["INT"], lambda self, x: (x if x % 2 else ExecutionBlocker(None),))
Numbers = node({"n": INT}, ["INT"], lambda self, n: (list(range(n)),), OUTPUT_IS_LIST=(True,))
Total = node({"x": ANY}, ["INT"], lambda self, x: (sum(x),), INPUT_IS_LIST=True)
ALL = {**CLASSES, "Block": Block, "BlockAll": BlockAll, "OddOnly": OddOnly, "Numbers": Numbers, "Total": Total}


def blocked(why):
    return api(
        b=("Block", {"why": why}),
        c=("Add", {"a": ["b", 0], "b": 1}),
        d=("Show", {"value": ["c", 0]}),
        e=("Show", {"value": 5}),
    )


def test_consumers_and_output_nodes_do_not_run():
    bench = Bench(ALL)
    result = bench.run(blocked(""))
    assert result.executed == ("b", "e") and result.blocked == ("c", "d")
    assert result.ui("d") == {} and result.ui("e") == {"shown": [5]}
    assert [e.message for e in bench.events if e.kind == "node_blocked"] == [None, None]


def test_the_first_consumer_tells_the_message_once():
    bench = Bench(ALL)
    bench.run(blocked("no mask"))
    assert [(e.node, e.message) for e in bench.events if e.kind == "node_blocked"] == [("c", "no mask"), ("d", None)]


def test_a_second_run_tells_it_again():
    bench = Bench(ALL)
    for _ in range(2):
        bench.run(blocked("no mask"))
        assert ("c", "no mask") in [(e.node, e.message) for e in bench.events]


def test_a_blocker_alone_blocks_all_outputs():
    nodes = api(b=("BlockAll", {}), c=("Source", {"x": ["b", 1]}))
    assert Bench(ALL).run(nodes, ["c"]).value("c") == Blocked(None)


def test_only_the_blocked_calls_of_a_list_are_skipped():
    nodes = api(
        n=("Numbers", {"n": 4}), o=("OddOnly", {"x": ["n", 0]}), c=("Add", {"a": ["o", 0], "b": 10}),
    )  # fmt: skip
    result = Bench(ALL).run(nodes, ["c"])
    assert result.value("c") == [Blocked(), 11, Blocked(), 13] and result.blocked == ()


def test_a_list_with_a_blocked_item_blocks_a_node_that_takes_lists():
    nodes = api(n=("Numbers", {"n": 4}), o=("OddOnly", {"x": ["n", 0]}), t=("Total", {"x": ["o", 0]}))
    assert Bench(ALL).run(nodes, ["t"]).blocked == ("t",)


def test_blocked_results_are_not_stored():
    bench = Bench(ALL)
    bench.run(blocked(""))
    assert bench.run(blocked("")).blocked == ("c", "d")
