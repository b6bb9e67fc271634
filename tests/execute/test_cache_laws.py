"""Laws of the cache within a Session: warm equals cold, and what runs again is what changed, no more and no less."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.errors import NodeError
from graphexec.ports import PlainHooks, Policy
from graphexec.registry.spec import InputSpec
from tests.plan.test_planner import descendants, workflows
from tests.support.classes import ANY, CLASSES, INT, api, node
from tests.support.running import Bench

CHAIN = api(
    a=("Source", {"x": 1}),
    b=("Add", {"a": ["a", 0], "b": 1}),
    c=("Add", {"a": ["b", 0], "b": ["a", 0]}),
    d=("Show", {"value": ["c", 0]}),
)


def with_input(workflow, id, name, value):
    return {**workflow, id: {**workflow[id], "inputs": {**workflow[id]["inputs"], name: value}}}


@given(workflows())
def test_warm_equals_cold(workflow):
    bench, numbers = Bench(CLASSES), [id for id in workflow if not id.startswith("show")]
    cold, warm = bench.run(workflow, list(workflow)), bench.run(workflow, list(workflow))
    assert [warm.value(id) for id in numbers] == [cold.value(id) for id in numbers]
    assert not set(warm.executed) & set(numbers) and set(warm.executed) == set(workflow) - set(numbers)


@given(workflows(), st.data())
def test_one_changed_literal_reruns_at_most_its_descendants_and_gives_what_a_fresh_run_gives(workflow, data):
    literals = [(i, k) for i, n in workflow.items() for k, v in n["inputs"].items() if isinstance(v, int)]
    id, name = data.draw(st.sampled_from(literals))
    changed = with_input(workflow, id, name, data.draw(st.integers(10, 20)))
    bench = Bench(CLASSES)
    bench.run(workflow)
    warm, fresh = bench.run(changed), Bench(CLASSES).run(changed)
    numbers = {id for id in workflow if not id.startswith("show")}
    assert set(warm.executed) & numbers <= descendants(workflow, id)
    for show in set(workflow) - numbers:
        assert warm.ui(show) == fresh.ui(show)


def test_renaming_ids_reruns_nothing():
    bench = Bench(CLASSES)
    bench.run(CHAIN, ["c"])
    renamed = api(
        x=("Source", {"x": 1}), y=("Add", {"a": ["x", 0], "b": 1}), z=("Add", {"a": ["y", 0], "b": ["x", 0]})
    )  # fmt: skip
    result = bench.run(renamed, ["z"])
    assert result.executed == () and result.reused == ("z",) and result.value("z") == 3


def test_equal_nodes_of_one_workflow_run_once():
    result = Bench(CLASSES).run(api(a=("Source", {"x": 1}), b=("Source", {"x": 1})), ["a", "b"])
    assert (result.executed, result.reused) == (("a",), ("b",)) and result.value("b") == 1


def test_another_version_of_the_pack_reruns():
    one, two = Bench(CLASSES, "v1"), Bench(CLASSES, "v2")
    two.store = one.store
    one.run(CHAIN, ["c"])
    assert two.run(CHAIN, ["c"]).executed == ("a", "b", "c")


def test_another_policy_reruns():
    one, two = Bench(CLASSES), Bench(CLASSES, policy=Policy(device="cuda"))
    two.store = one.store
    one.run(CHAIN, ["c"])
    assert two.run(CHAIN, ["c"]).executed == ("a", "b", "c")


def test_output_nodes_of_packs_run_every_time():
    bench = Bench(CLASSES)
    bench.run(CHAIN)
    assert bench.run(CHAIN).executed == ("d",)


def test_what_an_output_node_gives_is_never_taken_for_what_it_gave_before():
    counts = iter([1, 1, 2])
    count = node({}, ["INT"], lambda self: (next(counts),), OUTPUT_NODE=True)
    bench = Bench({**CLASSES, "Count": count})
    nodes = api(c=("Count", {}), t=("Add", {"a": ["c", 0], "b": 10}))
    results = [bench.run(nodes, ["t"]) for _ in range(3)]
    assert [result.value("t") for result in results] == [11, 11, 12]
    assert [result.executed for result in results] == [("c", "t"), ("c",), ("c", "t")]


def test_ui_of_reused_nodes_is_shown_again():
    shows = node({"x": INT}, ["INT"], lambda self, x: {"ui": {"v": [x]}, "result": (x,)})
    bench = Bench({"Shows": shows})
    for _ in range(2):
        result = bench.run(api(s=("Shows", {"x": 3})), ["s"])
    assert result.reused == ("s",) and result.ui("s") == {"v": [3]}


def test_a_small_budget_only_costs_time():
    bench = Bench(CLASSES, budget=1500)  # one entry
    for _ in range(3):
        assert bench.run(CHAIN, ["c"]).value("c") == 3
    assert len(bench.store) == 1


def test_what_a_run_needs_is_not_evicted_during_it():
    """All of the first run is planned as reused, while the new nodes fill a store that has no room for more."""
    bench = Bench(CLASSES, budget=3300)  # three entries
    bench.run(CHAIN, ["a", "b", "c"])
    new = {str(i): ("Source", {"x": 100 + i}) for i in range(10)}
    result = bench.run({**api(**new), **CHAIN}, [*new, "a", "b", "c"])
    assert result.reused == ("a", "b", "c") and result.value("c") == 3


class TestIsChanged:
    def bench(self, answers):
        replies = iter(answers)

        def reply(cls, x):
            found = next(replies)
            if isinstance(found, Exception):
                raise found
            return found

        seen = node({"x": INT}, ["INT"], lambda self, x: (x,), IS_CHANGED=classmethod(reply))
        return Bench({**CLASSES, "Seen": seen})

    NODES = api(s=("Seen", {"x": 1}), t=("Add", {"a": ["s", 0], "b": 1}))

    def ran(self, *answers):
        bench = self.bench(answers)
        return [bench.run(self.NODES, ["t"]).executed for _ in answers]

    def test_the_same_answer_reuses(self):
        assert self.ran("one", "one") == [("s", "t"), ()]

    def test_another_answer_reruns_and_stops_where_the_value_is_the_same(self):
        assert self.ran("one", "two") == [("s", "t"), ("s",)]

    @pytest.mark.parametrize("answer", [math.nan, [math.nan], {"a": math.nan}, object()])
    def test_nan_and_what_is_no_data_run_every_time(self, answer):
        assert self.ran(answer, answer) == [("s", "t"), ("s",)]

    def test_an_error_is_told_and_runs_every_time(self):
        bench = self.bench([ValueError("no"), ValueError("no")])
        for _ in range(2):
            result = bench.run(self.NODES, ["t"])
            assert "s" in result.executed and "ValueError: no" in result.warnings[0][1]

    def test_what_it_is_given(self):
        given = {}
        hidden = {"required": {"x": INT, "y": INT}, "hidden": {"p": "PROMPT", "w": "EXTRA_PNGINFO", "u": "UNIQUE_ID"}}
        note = classmethod(lambda cls, **inputs: given.update(inputs))
        seen = node(hidden, ["INT"], lambda self, **inputs: (1,), IS_CHANGED=note)
        nodes = api(a=("Source", {"x": 1}), s=("Seen", {"x": 4, "y": ["a", 0]}))
        Bench({**CLASSES, "Seen": seen}).run(nodes, ["s"])
        assert given == {"x": 4, "y": None, "p": {}, "w": None, "u": "s"}


class TestLateKeys:
    def test_a_node_downstream_of_a_late_one_is_keyed_by_the_value(self):
        """The late node runs every time; its consumer depends on the value alone."""
        values = iter([1, 1, 2])
        always = classmethod(lambda cls: math.nan)
        roll = node({}, ["INT"], lambda self: (next(values),), IS_CHANGED=always)
        bench = Bench({**CLASSES, "Roll": roll})
        nodes = api(r=("Roll", {}), t=("Add", {"a": ["r", 0], "b": 1}))
        assert [bench.run(nodes, ["t"]).executed for _ in range(3)] == [("r", "t"), ("r",), ("r", "t")]

    def test_values_without_a_digest_are_never_mistaken_for_each_other(self):
        things = iter([object(), object()])
        always = classmethod(lambda cls: math.nan)
        roll = node({}, ["THING"], lambda self: (next(things),), IS_CHANGED=always)
        name = node({"x": ANY}, ["INT"], lambda self, x: (id(x),))
        bench = Bench({"Roll": roll, "Name": name})
        nodes = api(r=("Roll", {}), n=("Name", {"x": ["r", 0]}))
        assert [bench.run(nodes, ["n"]).executed for _ in range(2)] == [("r", "n"), ("r", "n")]


class Models:
    def __init__(self, folder):
        self.folder = folder

    def model(self, folder, name):
        path = Path(self.folder, name)
        if not path.exists():
            raise NodeError(f"no {name}")
        return path


def test_files_that_literals_and_links_name_are_part_of_the_key(tmp_path):
    text = node({"x": INT}, ["COMBO"], lambda self, x: ("m",))
    read = node({"name": (["m"], {})}, ["STRING"], lambda self, name: ((tmp_path / name).read_text(),))
    bench = Bench({"Text": text, "Read": read}, files=Models(tmp_path))
    spec = replace(bench.registry.get("Read"), inputs=(InputSpec("name", "COMBO", folder="loras"),))
    bench.registry._specs = {**bench.registry._specs, "Read": spec}
    for name in ("m", ["t", 0]):
        nodes = api(t=("Text", {"x": 1}), r=("Read", {"name": name}))
        for content in ("one", "one", "two"):
            (tmp_path / "m").write_text(content)
            assert bench.run(nodes, ["r"]).value("r") == content
        assert bench.run(nodes, ["r"]).executed == ()


def test_a_result_is_not_stored_when_its_file_changed_while_the_node_read_it(tmp_path):
    file = tmp_path / "m"

    def load(self, name):
        content = file.read_text()
        if content == "old":
            file.write_text("new")
        return (content,)

    bench = Bench({"Read": node({"name": (["m"], {})}, ["STRING"], load)}, files=Models(tmp_path))
    spec = replace(bench.registry.get("Read"), inputs=(InputSpec("name", "COMBO", folder="loras"),))
    bench.registry._specs = {"Read": spec}
    file.write_text("old")
    nodes = api(r=("Read", {"name": "m"}))
    assert bench.run(nodes, ["r"]).value("r") == "old"
    file.write_text("old")
    assert len(bench.store) == 0 and not bench.plan(nodes, ["r"]).steps[0].cached


class TestIsolation:
    """Packs may write into what they are given; nobody else may notice."""

    def nodes(self, **extra):
        return api(m=("Make", {}), w=("Write", {"x": ["m", 0]}), r=("Read", {"x": ["m", 0], "y": ["w", 0]}), **extra)

    CLASSES = {
        "Make": node({}, ["LATENT"], lambda self: ({"samples": [1]},)),
        "Write": node({"x": ANY}, ["INT"], lambda self, x: (x["samples"].append(2), (len(x["samples"]),))[1]),
        "Read": node({"x": ANY, "y": INT}, ["STRING"], lambda self, x, y: (str(x),)),
    }

    def test_a_write_is_seen_by_the_writer_alone(self):
        result = Bench(self.CLASSES).run(self.nodes(), ["m", "w", "r"])
        assert result.value("w") == 2 and result.value("r") == "{'samples': [1]}"
        assert result.value("m") == {"samples": [1]}

    def test_stored_values_stay_clean(self):
        bench = Bench(self.CLASSES)
        bench.run(self.nodes(), ["w"])
        assert bench.run(self.nodes(), ["m"]).value("m") == {"samples": [1]}

    def test_without_copies_the_law_would_not_hold(self):
        class Careless(PlainHooks):
            def isolate(self, value):
                return value

        result = Bench(self.CLASSES, hooks=Careless()).run(self.nodes(), ["r"])
        assert result.value("r") == "{'samples': [1, 2]}"

    def test_debug_mode_names_the_writer(self):
        class Careless(PlainHooks):
            def isolate(self, value):
                return value

        bench = Bench(self.CLASSES, hooks=Careless(), debug=True)
        (failure,) = bench.ending(self.nodes(), ["r"]).result.failures
        assert failure.node == "w" and "'x'" in failure.message
        assert not Bench(self.CLASSES, debug=True).ending(self.nodes(), ["r"]).result.failures
