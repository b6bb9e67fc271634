"""`continuation: exact` from the file to the sampler, whatever the format, and from one process to the next."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
import graphexec  # noqa: E402
from graphexec.document.writers import api_text, yaml_text  # noqa: E402

WRITER = Path(__file__).parents[2] / "workflows" / "tiny_checkpoint.py"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    root = tmp_path_factory.mktemp("continuation")
    writer = runpy.run_path(str(WRITER))
    writer["write"](root / "models" / "checkpoints" / "tiny.safetensors", writer["Size"]())
    return {name: str(root / name) for name in ("models", "input", "output")}


@pytest.fixture
def session(places):
    with graphexec.Session(**places, cache=None, device="cpu", dtype="fp32") as session:
        yield session


def node(type, exact=False, **inputs):
    return {"class_type": type, "inputs": inputs} | (
        {"_meta": {"graphexec": {"continuation": "exact"}}} if exact else {}
    )


def stage(latent, start=0, end=10000, exact=True, sampler="dpmpp_2m", **changes):
    settings = {"add_noise": "disable" if start else "enable", "noise_seed": 5, "steps": 6, "cfg": 3.0,
                "sampler_name": sampler, "scheduler": "normal", "start_at_step": start, "end_at_step": end,
                "return_with_leftover_noise": "disable" if end > 6 else "enable"}  # fmt: skip
    sockets = {"model": ["m", 0], "positive": ["pos", 0], "negative": ["neg", 0], "latent_image": [latent, 0]}
    return node("KSamplerAdvanced", exact, **{**settings, **changes}, **sockets)


def flow(**nodes):
    return {
        "m": node("CheckpointLoaderSimple", ckpt_name="tiny.safetensors"),
        "pos": node("CLIPTextEncode", text="a fox", clip=["m", 1]),
        "neg": node("CLIPTextEncode", text="", clip=["m", 1]),
        "empty": node("EmptyLatentImage", width=64, height=64, batch_size=1),
    } | nodes


def two(**changes):
    return flow(a=stage("empty", end=3, **changes), b=stage("a", start=3, **changes))


def samples(session, workflow, target="b"):
    result = session.run(workflow, targets=[f"{target}:0"])
    return result.value(target)["samples"], [message for _, message in result.warnings]


@pytest.mark.parametrize("sampler", ["dpmpp_2m", "uni_pc", "euler_ancestral", "dpmpp_3m_sde", "sa_solver"])
def test_stages_equal_one_run(session, sampler):
    whole, _ = samples(session, flow(b=stage("empty", exact=False, sampler=sampler)))
    split, warnings = samples(session, two(sampler=sampler))
    assert torch.equal(split, whole) and not warnings
    plain, _ = samples(session, two(exact=False, sampler=sampler))
    assert not torch.equal(plain, whole)


def test_custom_stages_equal_one_run(session):
    parts = {
        "guider": node("CFGGuider", model=["m", 0], positive=["pos", 0], negative=["neg", 0], cfg=3.0),
        "sampler": node("KSamplerSelect", sampler_name="dpmpp_2m"),
        "levels": node("BasicScheduler", model=["m", 0], scheduler="normal", steps=6, denoise=1.0),
        "halves": node("SplitSigmas", sigmas=["levels", 0], step=3),
        "noise": node("RandomNoise", noise_seed=5),
        "none": node("DisableNoise"),
    }

    def custom(noise, sigmas, latent, exact):
        sockets = {"noise": [noise, 0], "guider": ["guider", 0], "sampler": ["sampler", 0], "latent_image": [latent, 0]}
        return node("SamplerCustomAdvanced", exact, sigmas=sigmas, **sockets)

    whole, _ = samples(session, flow(**parts, b=custom("noise", ["levels", 0], "empty", False)))
    first, second = (
        custom(*given, True) for given in (("noise", ["halves", 0], "empty"), ("none", ["halves", 1], "a"))
    )
    split, warnings = samples(session, flow(**parts, a=first, b=second))
    assert torch.equal(split, whole) and not warnings


def test_a_node_in_between_is_told_of(session):
    workflow = two()
    workflow["flip"] = node("LatentFlip", samples=["a", 0], flip_method="x-axis: vertically")
    workflow["b"] = stage("flip", start=3)
    _, warnings = samples(session, workflow)
    assert warnings == ["not continued exactly, but as ComfyUI does: the latent was changed since it was sampled"]


def test_the_setting_is_part_of_the_key(session):
    first, _ = samples(session, two())
    plain = session.run(two(exact=False), targets=["b:0"])
    assert {"a", "b"} <= {*plain.executed}
    again = session.run(two(), targets=["b:0"])
    assert "b" in again.reused and torch.equal(again.value("b")["samples"], first)


def test_every_format_keeps_it(session):
    whole, _ = samples(session, flow(b=stage("empty", exact=False)))
    document = graphexec.load(two())
    for text in (yaml_text(document), api_text(document)):
        assert text.count("continuation") == 2
        path = Path(session.output).parent / f"flow.{'json' if text.startswith('{') else 'yaml'}"
        path.write_text(text)
        split, warnings = samples(session, path)
        assert torch.equal(split, whole) and not warnings


def test_files_of_the_editor_have_it_in_properties(session):
    saved = {"id": 1, "type": "KSampler", "pos": [0, 0], "size": [1, 1], "mode": 0, "inputs": [], "outputs": [],
             "widgets_values": [5, "fixed", 6, 3.0, "euler", "normal", 1.0],
             "properties": {"graphexec": {"continuation": "exakt"}}}  # fmt: skip
    text = json.dumps({"nodes": [saved], "links": [], "version": 0.4}, indent=1)
    path = Path(session.output).parent / "editor.json"
    path.write_text(text)
    (finding,) = [found for found in session.check(path) if found.code == "GX230"]
    assert text.splitlines()[finding.span.line - 1].strip() == '"continuation": "exakt"'


PROGRAM = """
import sys, graphexec, torch, json
places, cache, flow, target = json.loads(sys.argv[1])
with graphexec.Session(**places, cache=cache, device="cpu", dtype="fp32") as session:
    result = session.run(flow, targets=[target + ":0"])
    values = result.value(target)["samples"].flatten().tolist()
    print(json.dumps([list(result.executed), values, list(result.warnings)]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["dpmpp_2m", "uni_pc", "euler_ancestral", "dpmpp_2m_sde"])
def test_the_second_stage_runs_in_another_process(places, tmp_path, session, sampler):
    def run(workflow, target):
        given = json.dumps([places, str(tmp_path / "cache"), workflow, target])
        done = subprocess.run([sys.executable, "-c", PROGRAM, given], capture_output=True, text=True, check=True)
        return json.loads(done.stdout.splitlines()[-1])

    whole, _ = samples(session, flow(b=stage("empty", exact=False, sampler=sampler)))
    workflow = two(sampler=sampler)
    assert "a" in run(workflow, "a")[0]
    executed, values, warnings = run(workflow, "b")
    assert "a" not in executed and "b" in executed and not warnings
    assert values == whole.flatten().tolist()
