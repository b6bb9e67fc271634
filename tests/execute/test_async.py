"""Asynchronous nodes: they run at the same time, others go on meanwhile, and nothing is left behind."""

import asyncio
import gc
import threading
import time
from contextlib import contextmanager

from graphexec.execute.cancel import Cancel
from graphexec.ports import Artifact, Outcome, PlainHooks
from graphexec.registry.adapter import read_class
from graphexec.registry.spec import InputSpec, NodeSpec
from graphexec.registry.table import Registry
from tests.support.classes import CLASSES, INT, api, node
from tests.support.running import Bench

order = []


async def wait(self, x, seconds):
    order.append(f"start {x}")
    await asyncio.sleep(seconds)
    order.append(f"end {x}")
    return (x,)


async def fail(self, x):
    await asyncio.sleep(0.01)
    raise ValueError(f"no {x}")


Wait = node({"x": INT, "seconds": ("FLOAT", {})}, ["INT"], wait)
Fail = node({"x": INT}, ["INT"], fail)
Sync = node({"x": INT}, ["INT"], lambda self, x: (order.append(f"sync {x}"), (x,))[1])
Numbers = node({"n": INT}, ["INT"], lambda self, n: (list(range(n)),), OUTPUT_IS_LIST=(True,))
Ui = node({}, [], lambda self: later({"ui": {"v": [1]}}), OUTPUT_NODE=True)
ALL = {**CLASSES, "Wait": Wait, "Fail": Fail, "Sync": Sync, "Numbers": Numbers, "Ui": Ui}


async def later(value):
    await asyncio.sleep(0)
    return value


def setup_function():
    order.clear()


def test_the_value_arrives():
    nodes = api(a=("Wait", {"x": 3, "seconds": 0.0}), b=("Add", {"a": ["a", 0], "b": 1}))
    assert Bench(ALL).run(nodes, ["b"]).value("b") == 4


def test_they_wait_at_the_same_time():
    nodes = {str(i): ("Wait", {"x": i, "seconds": 0.3}) for i in range(8)}
    started = time.perf_counter()
    result = Bench(ALL).run(api(**nodes), list(nodes))
    assert time.perf_counter() - started < 1.5
    assert [result.value(str(i)) for i in range(8)] == list(range(8))


def test_other_nodes_go_on():
    nodes = api(a=("Wait", {"x": 1, "seconds": 0.05}), b=("Sync", {"x": 2}), c=("Sync", {"x": ["a", 0]}))
    Bench(ALL).run(nodes, ["a", "b", "c"])
    assert order.index("sync 2") < order.index("end 1") < order.index("sync 1")


def test_calls_of_a_list_keep_their_order():
    nodes = api(n=("Numbers", {"n": 3}), a=("Wait", {"x": ["n", 0], "seconds": 0.01}))
    assert Bench(ALL).run(nodes, ["a"]).value("a") == [0, 1, 2]


def test_outcomes_of_asynchronous_nodes():
    assert Bench(ALL).run(api(u=("Ui", {}))).ui("u") == {"v": [1]}


def test_failures_name_the_node_and_others_that_have_begun_finish():
    nodes = api(
        w=("Wait", {"x": 1, "seconds": 0.1}),
        f=("Fail", {"x": 2}),
        g=("Sync", {"x": ["w", 0]}),
        h=("Sync", {"x": ["f", 0]}),
    )
    result = Bench(ALL).ending(nodes, ["g", "h"]).result
    assert [(f.node, f.message) for f in result.failures] == [("f", "ValueError: no 2")]
    assert result.executed == ("w",) and "sync 1" not in order, "nothing new starts after a failure"


def test_two_failures_are_both_told():
    result = Bench(ALL).ending(api(a=("Fail", {"x": 1}), b=("Fail", {"x": 2})), ["a", "b"]).result
    assert sorted(f.node for f in result.failures) == ["a", "b"]


def test_files_keep_the_order_of_the_plan():
    async def slow(self, x):
        await written.wait()
        await asyncio.sleep(0.02)
        return (x,)

    def save(context, x):
        order.append(x)
        written.set()
        return Outcome(artifacts=(Artifact("text/plain", str(x).encode(), "n", ".txt"),))

    written = asyncio.Event()
    bench = Bench(ALL)
    saving = NodeSpec("Save", (InputSpec("x", "INT"),), (), save, "test", output_node=True)
    waiting = read_class("Slow", node({"x": INT}, ["INT"], slow), provider="test", version="1")
    bench.registry = Registry([saving, waiting])
    nodes = api(a=("Slow", {"x": 1}), b=("Save", {"x": ["a", 0]}), c=("Save", {"x": 2}))
    result = bench.run(nodes, ["b", "c"])
    assert order == [2, 1]
    assert [node_id for node_id, _ in result.artifacts] == ["b", "c"]


def test_threads_of_several_nodes_run_at_the_same_time():
    def meet():
        return meeting.wait(timeout=60)

    async def in_a_thread(self, x):
        return (x + 0 * await asyncio.to_thread(meet),)

    meeting = threading.Barrier(2)  # nobody passes before both are there
    types = {**ALL, "Threaded": node({"x": INT}, ["INT"], in_a_thread)}
    nodes = api(a=("Threaded", {"x": 1}), b=("Threaded", {"x": 2}), c=("Add", {"a": ["a", 0], "b": ["b", 0]}))
    assert Bench(types).run(nodes, ["c"]).value("c") == 3


def test_a_stopped_run_cancels_them():
    cancel = Cancel()

    async def stop_and_wait(self, x):
        cancel.set("enough")
        return await wait(self, x, 60.0)

    nodes = {**ALL, "Stop": node({"x": INT}, ["INT"], stop_and_wait)}
    ending = Bench(nodes).ending(api(a=("Stop", {"x": 1})), ["a"], cancel)
    assert "enough" in str(ending.stopped) and order == ["start 1"]


def test_works_inside_a_running_loop():
    """A notebook's cell runs inside a loop, which must not be disturbed."""

    async def cell():
        return Bench(ALL).run(api(a=("Wait", {"x": 3, "seconds": 0.01})), ["a"]).value("a")

    assert asyncio.run(cell()) == 3


def test_hooks_are_entered_for_each_stretch_and_never_left_open():
    events = []

    class Hooks(PlainHooks):
        @contextmanager
        def around_node(self, context):
            assert not events or events[-1][0] == "out", "two nodes inside the hooks at once"
            events.append(("in", context.node_id))
            yield
            events.append(("out", context.node_id))

    nodes = api(a=("Wait", {"x": 1, "seconds": 0.02}), b=("Wait", {"x": 2, "seconds": 0.01}), c=("Sync", {"x": 3}))
    Bench(ALL, hooks=Hooks()).run(nodes, ["a", "b", "c"])
    assert [e for e in events if e[1] == "a"].count(("in", "a")) >= 2


def test_no_loop_is_left_open(recwarn):
    Bench(ALL).run(api(a=("Wait", {"x": 3, "seconds": 0.0})), ["a"])
    gc.collect()
    assert not [w for w in recwarn if issubclass(w.category, ResourceWarning | RuntimeWarning)]
