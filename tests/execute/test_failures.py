"""Failures and interruptions: what is said, what is kept, what no longer starts."""

import threading
import time
from dataclasses import replace

import pytest

from graphexec.errors import DeadlineExceeded, Interrupted, NodeError
from graphexec.execute.cancel import Cancel
from graphexec.execute.failures import short
from tests.support.classes import ANY, CLASSES, INT, api, node
from tests.support.running import Bench

ran = []


def broken(self, x, text):
    raise KeyError("missing")


def mistaken(self, x):
    raise NodeError("the mask has the wrong size")


Broken = node({"x": INT, "text": ("STRING", {})}, ["INT"], broken)
Mistaken = node({"x": INT}, ["INT"], mistaken)
Exits = node({}, ["INT"], lambda self: exit(3))
Noted = node({"x": INT}, ["INT"], lambda self, x: (ran.append(x), (x,))[1])
ALL = {**CLASSES, "Broken": Broken, "Mistaken": Mistaken, "Exits": Exits, "Noted": Noted}


@pytest.fixture(autouse=True)
def forget():
    ran.clear()


BROKEN = api(
    a=("Noted", {"x": 1}),
    b=("Broken", {"x": ["a", 0], "text": "t" * 200}),
    c=("Noted", {"x": ["b", 0]}),
    d=("Noted", {"x": 2}),
)


def test_a_failure_names_node_inputs_and_cause():
    bench = Bench(ALL)
    (failure,) = bench.ending(BROKEN, ["c", "d"]).result.failures
    assert (failure.node, failure.node_type, failure.is_bug) == ("b", "Broken", True)
    assert failure.message == "KeyError: 'missing'" and isinstance(failure.cause, KeyError)
    assert failure.inputs["x"] == "1 (output 0 of node a)" and failure.inputs["text"].endswith("(200 characters)")
    assert [(e.node, e.message) for e in bench.events if e.kind == "node_failed"] == [("b", "KeyError: 'missing'")]


def test_what_finished_is_kept_and_nothing_new_starts():
    bench = Bench(ALL)
    result = bench.ending(BROKEN, ["a", "c", "d"]).result
    assert result.executed == ("a",) and result.value("a") == 1 and ran == [1]
    with pytest.raises(KeyError, match="did not run"):
        result.value("d")


def test_a_failed_step_stores_nothing_and_the_others_are_reused():
    bench = Bench(ALL)
    bench.ending(BROKEN, ["c"])
    result = bench.ending(BROKEN, ["c"]).result
    assert result.reused == ("a",) and [f.node for f in result.failures] == ["b"] and ran == [1]


def test_mistakes_of_the_user_are_no_bugs():
    (failure,) = Bench(ALL).ending(api(m=("Mistaken", {"x": 1})), ["m"]).result.failures
    assert failure.message == "the mask has the wrong size" and not failure.is_bug


def test_a_node_that_exits_is_a_failure():
    (failure,) = Bench(ALL).ending(api(e=("Exits", {})), ["e"]).result.failures
    assert failure.message.startswith("SystemExit")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "1.5"),
        (None, "None"),
        ("a\nb", r"'a\nb'"),
        ([1, 2], "list of 2"),
        ({"samples": [1]}, "{samples: list of 1}"),
        (object, "type"),
    ],
)
def test_short_forms(value, text):
    assert short(value) == text


def test_short_forms_of_tensors_need_no_torch():
    class Tensor:
        shape = (1, 2)
        dtype = "float32"

    assert short(Tensor()) == "Tensor(1, 2) float32"


class TestInterruption:
    def test_before_the_first_node(self):
        cancel = Cancel()
        cancel.set("SIGTERM")
        ending = Bench(ALL).ending(BROKEN, ["a"], cancel)
        assert isinstance(ending.stopped, Interrupted) and str(ending.stopped) == "SIGTERM" and ran == []

    def test_between_nodes_keeps_what_finished(self):
        cancel = Cancel()
        Stop = node({"x": INT}, ["INT"], lambda self, x: (cancel.set(), (x,))[1])
        bench = Bench({**ALL, "Stop": Stop})
        nodes = api(a=("Stop", {"x": 5}), b=("Noted", {"x": ["a", 0]}))
        ending = bench.ending(nodes, ["a", "b"], cancel)
        assert ending.stopped and ending.result.value("a") == 5 and ran == [] and not ending.result.failures
        assert bench.run(nodes, ["a"]).reused == ("a",)

    def test_inside_a_node_that_reports_progress(self):
        cancel = Cancel()
        steps = []

        def sample(context, **inputs):
            for step in range(1000):
                steps.append(step)
                if step == 3:
                    cancel.set()
                context.progress(step, 1000)

        ending = builtin(sample, cancel)
        assert ending.stopped and steps == [0, 1, 2, 3] and not ending.result.failures

    def test_calls_of_a_list_are_checked_one_by_one(self):
        cancel = Cancel()
        Numbers = node({"n": INT}, ["INT"], lambda self, n: (list(range(n)),), OUTPUT_IS_LIST=(True,))
        Stop = node({"x": INT}, ["INT"], lambda self, x: (ran.append(x), cancel.set() if x == 2 else None, (x,))[2])
        nodes = api(n=("Numbers", {"n": 9}), s=("Stop", {"x": ["n", 0]}))
        assert Bench({"Numbers": Numbers, "Stop": Stop}).ending(nodes, ["s"], cancel).stopped and ran == [0, 1, 2]

    def test_deadline(self, monkeypatch):
        clock = [0.0]
        monkeypatch.setattr("graphexec.execute.cancel.time.monotonic", lambda: clock[0])

        def slow(self, x):
            clock[0] += 1.0
            return (x,)

        nodes = {str(i): ("Slow", {"x": i}) for i in range(100)}
        ending = Bench({"Slow": node({"x": INT}, ["INT"], slow)}).ending(api(**nodes), list(nodes), Cancel(2.5))
        assert isinstance(ending.stopped, DeadlineExceeded) and len(ending.result.executed) == 3

    def test_keyboard_interrupt_in_a_node(self):
        def interrupt(self):
            raise KeyboardInterrupt

        nodes = api(a=("Noted", {"x": 1}), b=("I", {}))
        ending = Bench({**ALL, "I": node({}, ["INT"], interrupt)}).ending(nodes, ["a", "b"])
        assert ending.stopped and ending.result.value("a") == 1 and not ending.result.failures

    def test_from_another_thread(self):
        cancel = Cancel()
        threading.Timer(0.1, cancel.set).start()

        def spin(context, **inputs):
            for _ in range(10**6):
                time.sleep(0.001)
                context.check_cancelled()

        started = time.perf_counter()
        assert builtin(spin, cancel).stopped and time.perf_counter() - started < 5


def builtin(function, cancel):
    """Run one built-in node."""
    bench = Bench({"B": node({}, ["INT"], lambda self: (1,))})
    spec = bench.registry.get("B")
    bench.registry._specs = {"B": replace(spec, function=function, from_pack=False)}
    return bench.ending(api(b=("B", {})), ["b"], cancel)


def test_a_builtin_that_returns_nonsense_fails():
    (failure,) = builtin(lambda context: 5, None).result.failures
    assert "instead of a tuple" in failure.message
    (failure,) = builtin(lambda context: (1, 2), None).result.failures
    assert "2 values for 1 outputs" in failure.message


def test_the_context_of_a_builtin():
    seen = {}

    def function(context):
        seen.update(id=context.node_id, prompt=context.hidden["PROMPT"], own=context.hidden["UNIQUE_ID"])
        context.resources["weights"] = 1
        context.warn("be careful")
        context.progress(1, 2, lambda: b"png")
        return (1,)

    bench = Bench({"B": node({}, ["INT"], lambda self: (1,))})
    bench.registry._specs = {"B": replace(bench.registry.get("B"), function=function, from_pack=False)}
    nodes = api(b=("B", {}))
    result = bench.run(nodes, ["b"])
    assert seen == {"id": "b", "prompt": nodes, "own": "b"} and result.warnings == (("b", "be careful"),)
    assert [e.kind for e in bench.events] == ["node_started", "warning", "progress", "node_finished"]
    (progress,) = [e for e in bench.events if e.kind == "progress"]
    assert (progress.node, progress.done, progress.total, progress.preview()) == ("b", 1, 2, b"png")


def test_values_of_any_kind_pass_unharmed():
    thing = object()
    Make = node({}, ["THING"], lambda self: (thing,))
    Same = node({"x": ANY}, ["INT"], lambda self, x: (x is thing,))
    nodes = api(m=("Make", {}), s=("Same", {"x": ["m", 0]}))
    assert Bench({"Make": Make, "Same": Same}).run(nodes, ["s"]).value("s") is True
