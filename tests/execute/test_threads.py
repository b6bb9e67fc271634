"""Nodes in worker threads: beside others, few at a time, and what a run gives is the same as without."""

import threading
import time
from contextlib import contextmanager

import pytest

from graphexec.errors import DeadlineExceeded, Interrupted
from graphexec.execute.cancel import Cancel
from graphexec.ports import Artifact, Outcome, PlainHooks, Policy
from graphexec.registry.adapter import read_class
from graphexec.registry.spec import InputSpec, NodeSpec
from graphexec.registry.table import Registry
from tests.support.classes import CLASSES, INT, api, node
from tests.support.running import Bench

PATIENCE = 20
BARRIER = threading.Barrier(2)
calls = []
alive = []


def setup_function():
    calls.clear()
    alive.clear()


def meet(self, x):
    """Come back only when two calls are there at once."""
    calls.append((x, threading.current_thread().name))
    BARRIER.wait(PATIENCE)
    return (x,)


def count(self, x):
    alive.append(x)
    most = len(alive)
    time.sleep(0.02)
    alive.remove(x)
    return (most,)


def backwards(self, x):
    """The later ones are done first."""
    time.sleep(0.05 / (x + 1))
    calls.append((x, threading.current_thread().name))
    return {"ui": {"v": [x]}, "result": (x,)}


def where(self, x):
    calls.append((x, threading.current_thread().name))
    return (x,)


def fail(self, x):
    time.sleep(0.02 * x)
    raise (StopIteration, SystemExit, ValueError)[x % 3](f"no {x}")


def threaded(inputs, function, outputs=("INT",), **more):
    return node(inputs, list(outputs), function, GRAPHEXEC_THREADED=True, **more)


X = {"x": INT}
Numbers = node({"n": INT}, ["INT"], lambda self, n: (list(range(n)),), OUTPUT_IS_LIST=(True,))
ALL = {
    **CLASSES,
    "Meet": threaded(X, meet),
    "Count": threaded(X, count),
    "Backwards": threaded(X, backwards, OUTPUT_NODE=True),
    "Fail": threaded(X, fail),
    "Numbers": Numbers,
    "Where": node(X, ["INT"], where),
}


def bench(threads=2, **more):
    return Bench({**ALL, **more.pop("classes", {})}, policy=Policy(threads=threads), **more)


def many(type, numbers):
    return api(**{f"n{x}": (type, {"x": x}) for x in numbers})


def test_two_run_at_once_in_threads_of_their_own():
    nodes = many("Meet", range(4))
    result = bench().run(nodes, list(nodes))
    assert [result.value(id) for id in nodes] == [0, 1, 2, 3]
    assert all(name.startswith("graphexec-worker") for _, name in calls)


def test_others_stay_in_the_thread_of_the_run():
    nodes = api(a=("Backwards", {"x": 1}), b=("Where", {"x": ["a", 0]}))
    bench().run(nodes, ["a", "b"])
    assert calls[1] == (1, threading.current_thread().name) != calls[0]


def test_with_one_thread_none_are_made():
    nodes = many("Meant", range(2))
    bench(threads=1, classes={"Meant": threaded(X, where)}).run(nodes, list(nodes))
    assert {name for _, name in calls} == {threading.current_thread().name}


def test_no_more_begin_than_there_are_threads():
    nodes = many("Count", range(12))
    result = bench(threads=3).run(nodes, list(nodes))
    assert max(result.value(id) for id in nodes) <= 3


def test_the_calls_of_one_node_for_a_list_share_the_threads():
    nodes = api(a=("Numbers", {"n": 4}), b=("Meet", {"x": ["a", 0]}))
    assert bench().run(nodes, ["b"]).value("b") == [0, 1, 2, 3]


def test_what_ran_is_told_in_the_order_of_the_plan():
    nodes = many("Backwards", range(5))
    alone, beside = bench(threads=1).run(nodes), bench(threads=5).run(nodes)
    assert [x for x, _ in calls[5:]] != list(range(5)), "nothing was done out of order"
    assert alone.executed == beside.executed == tuple(nodes)
    assert [alone.ui(id) for id in nodes] == [beside.ui(id) for id in nodes]


def artifacts(threads):
    """Files of nodes of which the first takes longest."""

    def save(context, x):
        time.sleep(0.05 / (x + 1))
        return Outcome(artifacts=(Artifact("text/plain", str(x).encode(), "x", ".txt"),))

    spec = NodeSpec("Save", (InputSpec("x", "INT"),), (), save, "test", output_node=True, threaded=True)
    runs = bench(threads)
    runs.registry = Registry([spec])
    return runs.run(many("Save", range(4))).artifacts


def test_files_are_numbered_as_without_threads():
    assert artifacts(4) == artifacts(1)


def test_equal_nodes_run_once():
    nodes = api(a=("Count", {"x": 1}), b=("Count", {"x": 1}), c=("Count", {"x": 1}))
    result = bench(threads=3).run(nodes, ["a", "b", "c"])
    assert (result.executed, result.reused) == (("a",), ("b", "c"))


def test_the_first_failure_of_the_plan_comes_first_whatever_it_raised():
    nodes = many("Fail", [2, 1, 0])
    result = bench(threads=3).ending(nodes, list(nodes)).result
    assert [f.node for f in result.failures] == list(nodes)
    assert [type(f.cause) for f in result.failures] == [ValueError, SystemExit, StopIteration]


def test_after_a_failure_nothing_begins_and_what_is_under_way_is_kept():
    class Broken:
        INPUT_TYPES = classmethod(lambda cls: {"required": X})
        RETURN_TYPES = ("INT",)
        FUNCTION = "run"

        def run(self, x):
            raise ValueError("no")

    nodes = many("Backwards", [0]) | api(b=("Broken", {"x": 1})) | many("Backwards", [7])
    runs = bench(classes={"Broken": Broken})
    result = runs.ending(nodes, list(nodes)).result
    assert (result.executed, [f.node for f in result.failures]) == (("n0",), ["b"])


def test_it_can_be_stopped_from_within():
    cancel = Cancel()

    def step(context, x):
        for done in range(1000):
            time.sleep(0.005)
            cancel.set() if done == 3 else None
            context.progress(done, 1000)
        return (x,)

    runs = bench()
    runs.registry = Registry(
        [NodeSpec("Steps", (InputSpec("x", "INT"),), (), step, "t", output_node=True, threaded=True)]
    )
    ending = runs.ending(many("Steps", range(3)), cancel=cancel)
    assert isinstance(ending.stopped, Interrupted) and not ending.result.failures
    assert [e for e in runs.events if e.kind == "progress"]


def test_a_deadline_ends_it():
    ending = bench().ending(many("Count", range(100)), [f"n{x}" for x in range(100)], cancel=Cancel(0.1))
    assert isinstance(ending.stopped, DeadlineExceeded) and not alive


def test_no_thread_is_left(recwarn):
    before = threading.active_count()
    nodes = many("Count", range(4))
    bench().run(nodes, list(nodes))
    assert threading.active_count() == before
    assert not [w for w in recwarn if issubclass(w.category, ResourceWarning | RuntimeWarning)]


def test_hooks_of_threads_are_entered_in_the_thread():
    entered = []

    class Hooks(PlainHooks):
        @contextmanager
        def around_threaded(self, context):
            entered.append((context.node_id, threading.current_thread().name))
            yield

    nodes = many("Where", [1]) | many("Count", [2])
    bench(hooks=Hooks()).run(nodes, list(nodes))
    assert [id for id, name in entered if name.startswith("graphexec-worker")] == ["n2"] and len(entered) == 1


def test_seconds_are_those_of_the_node():
    nodes = many("Count", range(4))
    result = bench().run(nodes, list(nodes))
    assert all(0.02 <= result.seconds[id] < 2 for id in nodes)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_asynchronous_node_needs_no_thread(asynchronous):
    async def later(self, x):
        return (x,)

    cls = threaded(X, later if asynchronous else count)
    assert read_class("N", cls, provider="t", version="1").threaded is not asynchronous


def test_they_run_beside_asynchronous_nodes():
    import asyncio

    async def wait(self, x):
        await asyncio.sleep(0.01)
        return (x,)

    nodes = api(a=("Wait", {"x": 3}), b=("Count", {"x": 1}), c=("Add", {"a": ["a", 0], "b": ["b", 0]}))
    assert bench(classes={"Wait": node(X, ["INT"], wait)}).run(nodes, ["c"]).value("c") == 4
