"""The public API: what a Session does with files, dictionaries and mistakes, and what it never imports."""

import json
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

import graphexec
from graphexec.errors import DeadlineExceeded, InvalidWorkflow, RunFailed, UsageError, ValueReleased

ROOT = Path(__file__).parents[1]
PACK = """
import threading, time
class Number:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"x": ("INT", {"default": 0, "min": 0, "max": 100})}}
    RETURN_TYPES = ("INT",)
    FUNCTION = "run"
    def run(self, x):
        return (x,)
class Sum(Number):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"a": ("INT", {}), "b": ("INT", {})}}
    def run(self, a, b):
        return (a + b,)
class Show(Number):
    RETURN_TYPES = ()
    OUTPUT_NODE = True
    def run(self, x):
        return {"ui": {"shown": [x]}}
class Break(Number):
    def run(self, x):
        raise ValueError("broken on purpose")
class Sleep(Number):
    def run(self, x):
        time.sleep(0.05)
        return (x,)
NODE_CLASS_MAPPINGS = {"TNumber": Number, "TSum": Sum, "TShow": Show, "TBreak": Break, "TSleep": Sleep}
"""
FLOW = {
    "1": {"class_type": "TNumber", "inputs": {"x": 4}},
    "2": {"class_type": "TSum", "inputs": {"a": ["1", 0], "b": 3}},
    "3": {"class_type": "TShow", "inputs": {"x": ["2", 0]}},
}


@pytest.fixture
def pack(tmp_path):
    file = tmp_path / "pack.py"
    file.write_text(PACK)
    return file


@pytest.fixture
def session(pack, tmp_path):
    with graphexec.Session(nodes=[pack], output=tmp_path / "out") as session:
        yield session


def test_run_a_dictionary_a_file_a_document_and_a_graph(session, tmp_path):
    file = tmp_path / "flow.json"
    file.write_text(json.dumps(FLOW))
    graph, findings = session.build(FLOW)
    assert findings == []
    for workflow in (FLOW, file, str(file), graphexec.load(file), graph):
        assert session.run(workflow).ui("3") == {"shown": [7]}


def test_result(session):
    result = session.run(FLOW, targets=["2:0", "3"])
    assert result.value("2") == 7 and result.value("2", "INT") == 7
    assert (result.executed, result.reused, result.files) == (("1", "2", "3"), (), ())
    with pytest.raises(ValueReleased):
        result.value("1")
    assert result.report["nodes"][0]["id"] == "1" and result.report["files"] == []


def test_second_run_reuses(session):
    session.run(FLOW, targets=["2"])
    result = session.run(FLOW, targets=["2"])
    assert (result.executed, result.reused, result.value("2")) == ((), ("2",), 7)


def test_close_forgets_and_the_session_goes_on(session):
    session.run(FLOW, targets=["2"])
    session.close()
    assert session.run(FLOW, targets=["2"]).executed == ("1", "2")


def test_changes(session):
    assert session.run(FLOW, set={"1.x": 40}, targets=["2"]).value("2") == 43
    assert session.run(FLOW, targets=["2"]).value("2") == 7, "the dictionary is not changed"
    with pytest.raises(InvalidWorkflow) as caught:
        session.run(FLOW, set={"9.x": 40})
    assert [d.code for d in caught.value.diagnostics] == ["GX308"]
    graph, _ = session.build(FLOW)
    with pytest.raises(UsageError):
        session.run(graph, set={"1.x": 1})


def test_plan_says_what_run_does(session):
    assert [(s.node.id, s.cached) for s in session.plan(FLOW).steps] == [("1", False), ("2", False), ("3", False)]
    session.run(FLOW)
    plan = session.plan(FLOW)
    assert [(s.node.id, s.cached) for s in plan.steps] == [("2", True), ("3", False)] and plan.pruned == ("1",)


def test_an_invalid_workflow_runs_nothing_and_tells_everything(session):
    broken = {**FLOW, "1": {"class_type": "TNumber", "inputs": {"x": 400}}, "4": {"class_type": "TNumbr", "inputs": {}}}
    events = []
    with pytest.raises(InvalidWorkflow) as caught:
        session.run(broken, listener=events.append)
    codes = {d.code for d in caught.value.diagnostics}
    assert {"GX303", "GX201"} <= codes and events == []
    assert all(d.file and d.span for d in caught.value.diagnostics if d.code in ("GX303", "GX201"))
    assert session.run(broken, set={"1.x": 5}, targets=["2"]).value("2") == 8, "the valid part runs when asked for"


def test_check_finds_the_same_and_does_not_raise(pack):
    assert graphexec.check(FLOW, nodes=[pack]) == []
    assert {d.code for d in graphexec.check(FLOW)} == {"GX201"}
    assert [d.code for d in graphexec.check({"1": 5}, nodes=[pack])] != []


def test_findings_about_packs_stop_a_run_and_name_the_pack(tmp_path, pack):
    other = tmp_path / "other.py"
    other.write_text("import comfy.samplers")
    with graphexec.Session(nodes=[pack, other]) as session:
        with pytest.raises(InvalidWorkflow) as caught:
            session.run(FLOW)
        (finding,) = caught.value.diagnostics
        assert finding.code == "GX502" and finding.file == str(other)
        assert [d.code for d in session.check(FLOW)] == ["GX502"]


def test_a_missing_file_is_a_finding(session, tmp_path):
    with pytest.raises(InvalidWorkflow) as caught:
        session.run(tmp_path / "nowhere.json")
    assert caught.value.diagnostics[0].code == "GX101"


def test_load_raises_with_positions(tmp_path):
    file = tmp_path / "flow.json"
    file.write_text('{"1": {"class_type": "A", "inputs": {},}}')
    with pytest.raises(InvalidWorkflow) as caught:
        graphexec.load(file)
    assert caught.value.diagnostics[0].span.line == 1


def test_a_failure_has_the_partial_result_and_the_cause(session):
    broken = {**FLOW, "3": {"class_type": "TBreak", "inputs": {"x": ["2", 0]}}}
    with pytest.raises(RunFailed, match=r"node 3 \(TBreak\) failed: ValueError: broken on purpose") as caught:
        session.run(broken, targets=["3", "2"])
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.result.executed == ("1", "2") and caught.value.result.value("2") == 7


def test_deadline(session):
    slow = {str(i): {"class_type": "TSleep", "inputs": {"x": i}} for i in range(100)}
    with pytest.raises(DeadlineExceeded) as caught:
        session.run(slow, targets=list(slow), deadline=0.5)
    assert len(caught.value.result.executed) < 50


def test_events_are_in_order(session):
    events = []
    session.run(FLOW, listener=events.append)
    assert [e.kind for e in events] == [
        "run_started", *["node_started", "node_finished"] * 3, "run_finished"
    ]  # fmt: skip
    assert events[0].total == 3 and events[-1].seconds > 0


def test_several_threads_may_share_a_session(session):
    results = {}

    def work(x):
        results[x] = session.run(FLOW, set={"1.x": x}, targets=["2"]).value("2")

    threads = [threading.Thread(target=work, args=(x,)) for x in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {x: x + 3 for x in range(8)}


def test_wrong_arguments():
    with pytest.raises(UsageError):
        graphexec.Session(models="no such folder")


def test_artifacts_are_placed_on_every_run_even_when_reused(tmp_path):
    """An output node of ours touches no disk; a reused one has its file written again into an empty folder."""
    pytest.importorskip("torch")
    flow = {
        "1": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "2": {"class_type": "SaveLatent", "inputs": {"samples": ["1", 0], "filename_prefix": "l/x"}},
    }
    with graphexec.Session(output=tmp_path) as session:
        first = session.run(flow)
        (file,) = map(Path, first.files)
        assert file.is_relative_to(tmp_path / "l") and first.executed == ("1", "2")
        content = file.read_bytes()
        again = session.run(flow)
        assert again.files == first.files and again.executed == (), "the same content is not written twice"
        file.unlink()
        assert Path(session.run(flow).files[0]).read_bytes() == content
        assert json.loads(json.dumps(again.report))["files"][0]["path"] == str(file)


def imported_after(code):
    """Return which of the numeric packages a fresh process has imported after running `code`."""
    probe = "import sys\n" + textwrap.dedent(code) + "\nprint([m for m in ('torch', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


CHECK = """
import graphexec
flow = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "m.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a", "clip": ["4", 1]}},
    "3": {"class_type": "KSampler", "inputs": {"model": ["4", 0], "positive": ["6", 0], "negative": ["6", 0],
          "latent_image": ["5", 0], "seed": 1, "steps": 2, "cfg": 7, "sampler_name": "euler", "scheduler": "normal",
          "denoise": 1}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "x"}},
}
found = graphexec.check(flow)
assert [d.code for d in found] == ["GX401"], found
"""


def test_check_imports_neither_torch_nor_numpy():
    assert imported_after(CHECK) == "[]"


def test_the_test_above_can_fail():
    assert imported_after(CHECK + "\nimport numpy") == "['numpy']"


def test_planning_and_running_plain_packs_import_neither_too(pack):
    code = f"""
    import graphexec
    session = graphexec.Session(nodes=[{str(pack)!r}])
    flow = {FLOW!r}
    session.plan(flow)
    assert session.run(flow, targets=["2"]).value("2") == 7
    """
    assert imported_after(code) == "[]"


@pytest.mark.slow
def test_a_chain_of_100_000_nodes_checks_and_runs(session, tmp_path):
    count = 100_000
    flow = {"0": {"class_type": "TNumber", "inputs": {"x": 1}}}
    flow |= {str(i): {"class_type": "TSum", "inputs": {"a": [str(i - 1), 0], "b": 1}} for i in range(1, count)}
    file = tmp_path / "chain.json"
    file.write_text(json.dumps(flow))
    last = str(count - 1)
    assert session.run(file, targets=[last]).value(last) == count
