"""The cache on disk seen from a Session and from the program: laws that hold across processes."""

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphexec
from graphexec.registry.table import Registry
from graphexec.store.disk import DiskStore
from graphexec.store.index import SMALL
from graphexec.store.memory import MemoryStore
from graphexec.store.tiers import Tiers
from graphexec.store.worth import ALL
from tests.cli.program import environment
from tests.plan.test_planner import descendants, workflows
from tests.project.commands import ROOT
from tests.support.classes import ANY, CLASSES, INT, api, node
from tests.support.running import Bench

CHAIN = api(
    a=("Source", {"x": 1}),
    b=("Add", {"a": ["a", 0], "b": 1}),
    c=("Add", {"a": ["b", 0], "b": ["a", 0]}),
    d=("Show", {"value": ["c", 0]}),
)
Long = node({"required": {"x": INT}}, ["STRING"], lambda self, x: ("x" * x,))
Object = node({"required": {"x": INT}}, ["*"], lambda self, x: (object(),))
Count = node({"required": {"value": ANY}}, ["INT"], lambda self, value: (len(value) if isinstance(value, str) else 0,))
MORE = {**CLASSES, "Long": Long, "Object": Object, "Count": Count}


class Process(Bench):
    """A run as in a process of its own: nothing in memory, everything that can be stored is."""

    def __init__(self, directory, classes=MORE, **options):
        super().__init__(classes, **options)
        self.disk = DiskStore(directory, self.registry.hooks, 1 << 30, ALL)
        self.store = Tiers(MemoryStore(1 << 30), self.disk)

    def run(self, *arguments):
        result = super().run(*arguments)
        self.disk.close()
        return result


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(workflow=workflows(), data=st.data())
def test_another_process_takes_what_is_stored_and_gives_the_same(tmp_path_factory, workflow, data):
    place = tmp_path_factory.mktemp("cache")
    numbers = [id for id in workflow if not id.startswith("show")]
    cold, warm = Process(place).run(workflow, list(workflow)), Process(place).run(workflow, list(workflow))
    assert [warm.value(id) for id in numbers] == [cold.value(id) for id in numbers]
    assert set(warm.executed) == set(workflow) - set(numbers)
    literals = [(i, k) for i, n in workflow.items() for k, v in n["inputs"].items() if isinstance(v, int)]
    id, name = data.draw(st.sampled_from(literals))
    changed = {**workflow, id: {**workflow[id], "inputs": {**workflow[id]["inputs"], name: 77}}}
    after, fresh = Process(place).run(changed), Process(tmp_path_factory.mktemp("empty")).run(changed)
    assert set(after.executed) & set(numbers) <= descendants(workflow, id)
    assert [after.ui(show) for show in workflow] == [fresh.ui(show) for show in workflow]


def test_renaming_ids_runs_nothing_in_another_process(tmp_path):
    Process(tmp_path).run(CHAIN, ["c"])
    renamed = api(
        x=("Source", {"x": 1}), y=("Add", {"a": ["x", 0], "b": 1}), z=("Add", {"a": ["y", 0], "b": ["x", 0]})
    )  # fmt: skip
    result = Process(tmp_path).run(renamed, ["z"])
    assert result.executed == () and result.value("z") == 3


def test_what_turns_out_damaged_after_planning_is_made_again_and_only_that(tmp_path):
    flow = api(
        a=("Source", {"x": SMALL * 2}),
        b=("Long", {"x": ["a", 0]}),
        c=("Count", {"value": ["b", 0]}),
        e=("Add", {"a": ["c", 0], "b": ["a", 0]}),
    )
    Process(tmp_path).run(flow, ["b"])
    (file,) = (path for path in (tmp_path / "objects").rglob("*") if path.is_file())
    content = bytearray(file.read_bytes())
    content[7] ^= 4
    file.write_bytes(content)
    process = Process(tmp_path)
    assert [step.cached for step in process.plan(flow, ["e"]).steps if step.node.id == "b"] == [True]
    result = process.run(flow, ["e"])
    assert result.value("e") == SMALL * 4 and "b" in result.executed and "a" not in result.executed
    assert Process(tmp_path).run(flow, ["e"]).executed == ()


def test_a_value_that_was_freed_is_made_again_for_one_that_is_damaged(tmp_path):
    """b is found damaged when a has long been used and freed by another node."""
    flow = api(
        a=("Object", {"x": 1}),
        early=("Count", {"value": ["a", 0]}),
        b=("Long", {"x": SMALL * 2}),
        c=("Count", {"value": ["b", 0]}),
        sum=("Add", {"a": ["early", 0], "b": ["c", 0]}),
    )
    Both = node({"required": {"value": ANY, "x": INT}}, ["STRING"], lambda self, value, x: ("x" * x,))
    flow["b"] = {"class_type": "Both", "inputs": {"value": ["a", 0], "x": SMALL * 2}}
    classes = {**MORE, "Both": Both}
    Process(tmp_path, classes).run(flow, ["b"])
    for path in (tmp_path / "objects").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    result = Process(tmp_path, classes).run(flow, ["sum"])
    assert result.value("sum") == SMALL * 2
    assert "a" in result.executed and "a" in result.reused, "a was not freed before"


def test_a_pack_that_returns_an_unserialisable_value_runs_and_the_index_says_why_it_is_not_stored(tmp_path):
    flow = api(a=("Object", {"x": 1}), b=("Count", {"value": ["a", 0]}))
    assert Process(tmp_path).run(flow, ["b"]).executed == ("a", "b")
    process = Process(tmp_path)
    assert process.run(flow, ["b"]).executed == () and process.run(flow, ["a"]).executed == ("a",)
    (step,) = process.disk.index().steps_of("Object")
    assert step.reason == "output 0 holds a value of type object"
    process.disk.close()


def test_a_failed_node_stores_nothing(tmp_path):
    def fail(self, x):
        raise ValueError("no luck")

    classes = {**MORE, "Fail": node({"required": {"x": INT}}, ["INT"], fail)}
    process = Process(tmp_path, classes)
    ending = process.ending(api(a=("Source", {"x": 1}), b=("Fail", {"x": ["a", 0]})), ["b"])
    assert ending.result.failures
    assert [process.disk.index().steps_of(type) for type in ("Fail",)] == [[]]
    assert len(process.disk.index().steps_of("Source")) == 1
    process.disk.close()


def test_a_late_step_is_found_by_another_process_without_its_loaders(tmp_path):
    """Its key is made from a value that comes by link; the loader runs only if the step must."""
    loaded = []
    process = Process(tmp_path, LATE)
    load(process, loaded)
    assert process.run(PROMPT, ["use"]).value("use") == "hello by model!" and len(loaded) == 1
    again = Process(tmp_path, LATE)
    load(again, loaded)
    result = again.run(PROMPT, ["use"])
    assert result.value("use") == "hello by model!" and result.executed == () and len(loaded) == 1
    changed = {**PROMPT, "text": {**PROMPT["text"], "inputs": {"x": "bye"}}}
    assert again.run(changed, ["use"]).value("use") == "bye by model!" and len(loaded) == 2


def text(self, x):
    return (x,)


Text = node({"required": {"x": ("STRING", {})}}, ["STRING"], text)
Encode = node(
    {"required": {"text": ("STRING", {"forceInput": True}), "clip": ("CLIP",)}},
    ["STRING"],
    lambda self, text, clip: (f"{text} by {clip}",),
)
Use = node({"required": {"value": ("STRING", {"forceInput": True})}}, ["STRING"], lambda self, value: (value + "!",))
Loader = node({"required": {}}, ["CLIP"], lambda self: ("model",))
LATE = {"Text": Text, "Encode": Encode, "Use": Use, "Loader": Loader}
PROMPT = api(
    text=("Text", {"x": "hello"}),
    loader=("Loader", {}),
    encode=("Encode", {"text": ["text", 0], "clip": ["loader", 0]}),
    use=("Use", {"value": ["encode", 0]}),
)


def load(process, loaded):
    """Make the type Loader one that gives a handle, and count its calls."""

    def function(context):
        loaded.append(1)
        return ("model",)

    specs = [process.registry.get(name) for name in LATE if name != "Loader"]
    loader = replace(process.registry.get("Loader"), handle=True, function=function)
    process.registry = Registry([*specs, loader], process.registry.hooks)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A models directory with the tiny checkpoint, old enough that its digest may be remembered."""
    pytest.importorskip("torch")
    path = tmp_path_factory.mktemp("models") / "checkpoints/tiny.safetensors"
    path.parent.mkdir()
    subprocess.run([sys.executable, ROOT / "workflows/tiny_checkpoint.py", path], check=True)
    return path.parent.parent


PROBE = """
import builtins, sys, os
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from graphexec.cli import main
try:
    main()
finally:
    print("imported:", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
    print("checkpoints:", sum("checkpoints" in name for name in opened), file=sys.stderr)
"""


def program(*arguments, cwd):
    command = [sys.executable, "-c", PROBE, *map(str, arguments)]
    ended = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    *_, imported, opened = ended.stderr.splitlines()
    return set(imported.removeprefix("imported:").split()), int(opened.removeprefix("checkpoints: "))


@pytest.mark.parametrize("flow", ["hello", "linked"])
def test_a_run_that_is_fully_cached_imports_no_tensors_and_reads_no_checkpoint(tmp_path, models, flow):
    file = "example:hello" if flow == "hello" else linked_prompt(tmp_path)
    common = ["run", file, "--models", models, "--cache", tmp_path / "cache", "--device", "cpu"]
    imported, opened = program(*common, "--output", "cold", cwd=tmp_path)
    assert "torch" in imported and opened, "the probe is blind"
    age_of_models(models)
    program(*common, "--output", "young", cwd=tmp_path)  # digests of files that have just changed are not remembered
    imported, opened = program(*common, "--output", "warm", cwd=tmp_path)
    assert not imported & {"torch", "numpy", "safetensors", "PIL"} and not opened
    (cold,) = (tmp_path / "cold").glob("*.png")
    (warm,) = (tmp_path / "warm").glob("*.png")
    assert warm.read_bytes() == cold.read_bytes()


def age_of_models(models):
    newest = max(path.stat().st_ctime for path in models.rglob("*") if path.is_file())
    time.sleep(max(0.0, newest + 2.1 - time.time()))


def linked_prompt(tmp_path):
    """Write a workflow whose prompt arrives by link, so that most keys are known only during the run."""
    flow = {
        "text": {"class_type": "PrimitiveString", "inputs": {"value": "a red ball"}},
        "base": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny.safetensors"}},
        "pos": {"class_type": "CLIPTextEncode", "inputs": {"text": ["text", 0], "clip": ["base", 1]}},
        "empty": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "sampler": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["base", 0], "seed": 1, "steps": 2, "cfg": 2.0, "sampler_name": "euler",
                "scheduler": "normal", "positive": ["pos", 0], "negative": ["pos", 0], "latent_image": ["empty", 0],
                "denoise": 1.0,
            },
        },
        "decode": {"class_type": "VAEDecode", "inputs": {"samples": ["sampler", 0], "vae": ["base", 2]}},
        "save": {"class_type": "SaveImage", "inputs": {"images": ["decode", 0], "filename_prefix": "linked"}},
    }  # fmt: skip
    path = tmp_path / "linked.json"
    path.write_text(json.dumps(flow))
    return path


def test_values_of_every_kind_are_the_same_bits_in_a_partly_cached_run(tmp_path, models):
    """Everything up to the sampler, the decoder and the picture comes from the disk in turn."""
    torch = pytest.importorskip("torch")
    file = linked_prompt(tmp_path)
    places = {"models": models, "output": tmp_path / "out", "device": "cpu"}
    stages = [["pos", "empty"], ["sampler"], ["decode"], ["save"]]
    with graphexec.Session(**places, cache=None) as session:
        cold = session.run(file, targets=["pos", "sampler", "decode"])
    for number, stage in enumerate(stages):
        with graphexec.Session(**places, cache=tmp_path / f"cache{number}") as session:
            session.run(file, targets=stage)
        with graphexec.Session(**places, cache=tmp_path / f"cache{number}") as session:
            warm = session.run(file, targets=["pos", "sampler", "decode"])
        assert torch.equal(warm.value("sampler")["samples"], cold.value("sampler")["samples"])
        assert torch.equal(warm.value("decode"), cold.value("decode"))
        assert torch.equal(warm.value("pos")[0][0], cold.value("pos")[0][0])
        assert set(stage) <= {"save", *warm.reused}


def test_the_variable_chooses_the_cache_of_a_session(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAPHEXEC_CACHE", str(tmp_path / "here"))
    with graphexec.Session() as session:
        assert session.cache == tmp_path / "here"
    monkeypatch.setenv("GRAPHEXEC_CACHE", "off")
    assert graphexec.Session().cache is None
    monkeypatch.delenv("GRAPHEXEC_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    if sys.platform == "linux":
        assert graphexec.Session().cache == tmp_path / "user/graphexec"
    assert graphexec.Session(cache=None).cache is None


READ_LATER = """
import sys
import graphexec
file, models, cache = sys.argv[1:]
with graphexec.Session(models=models, output="out", cache=cache, device="cpu") as session:
    result = session.run(file, targets=["sampler", "decode"])
assert set(result.executed) <= {"text"}, result.executed
assert "torch" not in sys.modules, "it was decoded before anybody asked"
print(tuple(result.value("sampler")["samples"].shape), tuple(result.value("decode").shape), "torch" in sys.modules)
"""


def test_reused_targets_are_decoded_when_they_are_read_even_after_the_session(tmp_path, models):
    file = linked_prompt(tmp_path)
    with graphexec.Session(models=models, output=tmp_path, cache=tmp_path / "cache", device="cpu") as session:
        session.run(file, targets=["sampler", "decode"])
    arguments = [sys.executable, "-c", READ_LATER, str(file), str(models), str(tmp_path / "cache")]
    ended = subprocess.run(arguments, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split("\n")[0] == "(1, 4, 8, 8) (1, 64, 64, 3) True"


def test_sessions_of_two_machines_share_a_remote_cache(tmp_path):
    pytest.importorskip("fsspec")
    pack = tmp_path / "pack.py"
    pack.write_text(SLOW_PACK)
    url = f"file://{tmp_path}/shared"
    flow = {"1": {"class_type": "Slow", "inputs": {"x": 3}}, "2": {"class_type": "Slow", "inputs": {"x": ["1", 0]}}}

    def run(machine, access):
        options = {"cache": tmp_path / machine, "cache_remote": url, "cache_remote_access": access}
        with graphexec.Session(nodes=[pack], output=tmp_path / "out", **options) as session:
            return session.run(flow, targets=["2"])

    assert run("reader", "read-only").executed == ("1", "2")
    shutil.rmtree(tmp_path / "reader")
    assert not (tmp_path / "shared").exists()
    assert run("writer", "read-write").executed == ("1", "2")
    result = run("reader", "read-only")
    assert result.executed == () and result.value("2") == 5 and result.warnings == ()


SLOW_PACK = """
import time
class Slow:
    INPUT_TYPES = classmethod(lambda cls: {"required": {"x": ("INT", {"default": 0})}})
    RETURN_TYPES = ("INT",)
    FUNCTION = "run"
    def run(self, x):
        time.sleep(0.01)
        return (x + 1,)
NODE_CLASS_MAPPINGS = {"Slow": Slow}
"""
