"""Session.explain and the verb: for each node hit or miss, and for a miss what has changed."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

import graphexec
from graphexec.diffusion.processor import REVISIONS
from graphexec.errors import UsageError
from tests.cli.program import call

PACK = """
import time

class Slow:
    "Takes long enough to be worth a place in the cache."
    RETURN_TYPES, FUNCTION = ("INT",), "run"
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"x": ("INT", {}), "y": ("INT", {"default": 0})}}
    def run(self, x, y):
        time.sleep(0.02)
        return (x + y,)

class Quick(Slow):
    def run(self, x, y):
        return (x + y,)

class Odd(Slow):
    RETURN_TYPES = ("THING",)
    def run(self, x, y):
        time.sleep(0.02)
        return (lambda: x,)

class Look(Slow):
    RETURN_TYPES = ("INT",)
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"x": ("*", {}), "y": ("INT", {"default": 0})}}
    def run(self, x, y):
        time.sleep(0.02)
        return (y,)

class Turning(Slow):
    @classmethod
    def IS_CHANGED(cls, x, y):
        return 1

NODE_CLASS_MAPPINGS = {c.__name__: c for c in (Slow, Quick, Odd, Look, Turning)}
"""
FLOW = {
    "a": {"class_type": "Slow", "inputs": {"x": 1, "y": 2}},
    "b": {"class_type": "Slow", "inputs": {"x": ["a", 0], "y": 3}},
    "c": {"class_type": "Look", "inputs": {"x": ["b", 0], "y": 4}},
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pack.py").write_text(PACK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAPHEXEC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


def session(**options: object) -> graphexec.Session:
    return graphexec.Session(nodes=["pack.py"], **options)


def run(flow: dict, *targets: str, **options: object) -> None:
    with session(**options) as opened:
        opened.run(flow, targets=targets or ["c"])


def said(flow: dict, *targets: str, **options: object) -> dict[str, tuple[str, str]]:
    """Return status and text by node, as a new process would see it."""
    with session(**options) as opened:
        return {one.node: (one.status, one.text) for one in opened.explain(flow, targets=targets or ["c"])}


def with_inputs(node: str, flow: dict = FLOW, **inputs: object) -> dict:
    return {**flow, node: {**flow[node], "inputs": {**flow[node]["inputs"], **inputs}}}


def test_what_never_ran(home: Path) -> None:
    assert set(said(FLOW).values()) == {("miss", "never run before")}
    assert not (home / "cache" / "journal.sqlite").exists(), "explain writes nothing"


def test_hits_say_where(home: Path) -> None:
    with session() as opened:
        opened.run(FLOW, targets=["c"])
        assert {one.where for one in opened.explain(FLOW, targets=["c"])} == {"memory"}
    assert set(said(FLOW).values()) == {("hit", "reused from disk")}


def test_hits_in_a_cache_that_machines_share(home: Path) -> None:
    pytest.importorskip("fsspec")
    shared = {"cache_remote": f"file://{home}/shared", "cache_remote_access": "read-write"}
    run(FLOW, **shared)
    for file in (home / "cache").glob("*.sqlite*"):
        file.unlink()
    assert set(said(FLOW, **shared).values()) == {("hit", "reused from remote")}


def test_a_changed_value_and_what_is_behind_it(home: Path) -> None:
    run(FLOW)
    assert said(with_inputs("b", y=30)) == {
        "a": ("hit", "reused from disk"),
        "b": ("miss", "y 3 -> 30"),
        "c": ("miss", "upstream node b (Slow)"),
    }


def test_the_nearest_of_several_earlier_runs(home: Path) -> None:
    for y in (3, 4, 5):
        run(with_inputs("b", y=y))
    with session() as opened:
        found = {one.node: one for one in opened.explain(with_inputs("b", y=9), targets=["b"])}
    assert found["b"].text == "y 5 -> 9" and found["b"].differences[0].field == "literals.y"
    assert found["b"].earlier and abs((found["b"].when or 0) - time.time()) < 600


def test_other_ids_are_the_same_nodes(home: Path) -> None:
    run(FLOW)
    renamed = json.loads(json.dumps(FLOW).replace('"a"', '"first"'))
    assert set(said(renamed).values()) == {("hit", "reused from disk")}


def test_another_version_of_a_pack(home: Path) -> None:
    run(FLOW)
    (home / "pack.py").write_text(PACK + "\n# changed\n")
    assert said(FLOW, "a") == {"a": ("miss", "the code of Slow changed")}


def test_another_policy(home: Path) -> None:
    run(FLOW, device="cpu", threads=1)
    assert said(FLOW, "a", device="cpu", threads=2) == {"a": ("miss", "numeric policy: threads 1 -> 2")}


def test_another_version_of_torch(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(FLOW, device="cpu")
    with session(device="cpu") as opened:
        before = opened.policy.torch
    monkeypatch.setattr("graphexec.diffusion.accelerators.torch_version", lambda: "99.1")
    assert said(FLOW, "a", device="cpu") == {"a": ("miss", f"torch {before} -> 99.1")}


def test_outputs_that_have_no_form_on_disk(home: Path) -> None:
    odd = {**FLOW, "b": {"class_type": "Odd", "inputs": {"x": 1, "y": 0}}}
    run(odd)
    status, text = said(odd, "b")["b"]
    assert status == "miss" and text.startswith("not stored: ") and "function" in text


def test_results_that_are_made_sooner_than_read(home: Path) -> None:
    quick = {**FLOW, "b": {"class_type": "Quick", "inputs": {"x": 1, "y": 0}}}
    run(quick)
    found = said(with_inputs("c", quick, y=5))
    assert found["b"] == ("miss", "not stored: made again sooner than read back") and found["c"][1] == "y 4 -> 5"


def test_results_that_went(home: Path) -> None:
    run(FLOW)
    (home / "cache" / "index.sqlite").unlink()
    assert set(said(FLOW).values()) == {("miss", "its result is no longer in the cache")}


def test_late_keys_say_why(home: Path) -> None:
    turning = {**FLOW, "b": {"class_type": "Turning", "inputs": {"x": ["a", 0], "y": 0}}}
    found = said(turning)
    assert found["b"] == ("late", "its key is known only during the run: the pack's IS_CHANGED decides while it runs")
    assert found["c"] == ("late", "its key is known only during the run: node b gets its key while it runs")


def test_what_is_not_needed(home: Path) -> None:
    quick = {**FLOW, "b": {"class_type": "Quick", "inputs": {"x": 1, "y": 0}}}
    run(quick)
    assert said(quick) == {"b": ("not needed", "what it feeds is reused"), "c": ("hit", "reused from disk")}


def test_a_link_in_place_of_a_value(home: Path) -> None:
    run(FLOW)
    assert said(with_inputs("b", y=["a", 0]), "b")["b"] == ("miss", "y 3 -> node a (Slow)")


@pytest.fixture
def models(home: Path) -> Path:
    import runpy

    writer = runpy.run_path(str(Path(__file__).parents[1] / "workflows" / "tiny_checkpoint.py"))
    file = home / "models" / "checkpoints" / "tiny.safetensors"
    writer["write"](file, writer["Size"]())
    return file


def sampling(**inputs: object) -> dict:
    return {
        "load": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny.safetensors"}},
        "text": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["load", 1]}},
        "size": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "make": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["load", 0], "positive": ["text", 0], "negative": ["text", 0], "latent_image": ["size", 0],
                "seed": 1, "steps": 2, "cfg": 1.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
            } | inputs,
        },
    }  # fmt: skip


def test_a_checkpoint_that_changed_on_disk(home: Path, models: Path) -> None:
    run(sampling(), "make", models="models", device="cpu")
    with models.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x01")
    found = said(sampling(), "make", models="models", device="cpu")
    assert found["load"] == ("handle", "made anew, cheap: checkpoints/tiny.safetensors changed on disk")
    assert found["text"] == ("miss", "upstream node load (CheckpointLoaderSimple)")
    assert found["make"][1] == "upstream node load (CheckpointLoaderSimple); upstream node text (CLIPTextEncode)"


def test_number_formats_and_steps_that_are_shared(home: Path, models: Path) -> None:
    places = {"models": "models", "device": "cpu"}
    run(sampling(), "make", dtype="fp32", **places)
    assert said(sampling(), "make", dtype="bf16", **places)["load"] == (
        "handle",
        "made anew, cheap: "
        + "; ".join(
            "numeric policy "
            f"fp32 (revision {REVISIONS['fp32']}) -> bf16 (revision {REVISIONS['bf16']}) "
            f"({part} of checkpoints/tiny.safetensors)"
            for part in ("network", "autoencoder", "text")
        ),
    )
    run(sampling(sampler_name="uni_pc"), "make", dtype="fp32", **places)
    hints = []
    for sampler in ("euler", "uni_pc"):
        with session(dtype="fp32", **places) as opened:
            found = opened.explain(sampling(sampler_name=sampler, steps=3), targets=["make"])[-1]
        assert found.text == "steps 2 -> 3"
        hints.append(found.hint or "")
    assert "starts from the steps that it shares" in hints[0]
    assert hints[1].startswith("uni_pc cannot start from steps of an earlier run: ")


GOLDEN = """\
a: Slow  hit   reused from disk
b: Slow  miss  y 3 -> 30
c: Look  miss  upstream node b (Slow)
"""


def test_the_verb(home: Path) -> None:
    flow = home / "flow.json"
    flow.write_text(json.dumps(FLOW))
    common = ("--nodes", "pack.py", "--target", "c")
    assert call("run", "flow.json", *common).status == 0
    ended = call("explain", "flow.json", *common, "--set", "b.y=30")
    assert (ended.status, ended.out) == (0, GOLDEN)
    one = call("explain", "flow.json", "b", *common, "--set", "b.y=30")
    assert one.lines[:2] == ["b: Slow  miss", "y 3 -> 30"] and one.lines[2].startswith("compared with a run of ")
    told = json.loads(call("explain", "flow.json", "b", *common, "--set", "b.y=30", "--format", "json").out)["nodes"]
    assert told[0]["differences"] == [{"field": "literals.y", "before": 3, "now": 30, "text": "y 3 -> 30"}]
    wrong = call("explain", "flow.json", "bb", *common)
    assert wrong.status == 2 and "no node 'bb'" in wrong.err


def test_explaining_imports_no_torch(home: Path) -> None:
    from tests.cli.program import program

    (home / "flow.json").write_text(json.dumps(FLOW))
    probe = "import sys; from graphexec.cli import main\ntry: main()\nfinally: print('torch' in sys.modules)"
    ended = program("explain", "flow.json", "--nodes", "pack.py", "--target", "c", cwd=home, python=("-c", probe))
    assert ended.lines[-1] == "False"


def test_errors_of_the_user(home: Path) -> None:
    with session(device="cuda:99") as opened, pytest.raises(UsageError):
        opened.explain(FLOW, targets=["c"])
