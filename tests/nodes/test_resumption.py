"""Sampler nodes start from the steps of earlier runs of a Session, and say so."""

import runpy
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
import graphexec  # noqa: E402

WRITER = Path(__file__).parents[2] / "workflows" / "tiny_checkpoint.py"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    root = tmp_path_factory.mktemp("resumption")
    writer = runpy.run_path(str(WRITER))
    writer["write"](root / "models" / "checkpoints" / "tiny.safetensors", writer["Size"]())
    return {name: root / name for name in ("models", "input", "output")}


def node(type, **inputs):
    return {"class_type": type, "inputs": inputs}


def flow(seed=5, end=10000, sampler="dpmpp_2m", leftover="enable", positive="a fox"):
    sampling = {"add_noise": "enable", "noise_seed": seed, "steps": 6, "cfg": 3.0, "sampler_name": sampler,
                "scheduler": "normal", "start_at_step": 0, "end_at_step": end,
                "return_with_leftover_noise": leftover}  # fmt: skip
    return {
        "m": node("CheckpointLoaderSimple", ckpt_name="tiny.safetensors"),
        "pos": node("CLIPTextEncode", text=positive, clip=["m", 1]),
        "neg": node("CLIPTextEncode", text="", clip=["m", 1]),
        "empty": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        "k": node("KSamplerAdvanced", model=["m", 0], positive=["pos", 0], negative=["neg", 0],
                  latent_image=["empty", 0], **sampling),
    }  # fmt: skip


def open_session(places):
    return graphexec.Session(**places, cache=None, device="cpu", dtype="fp32")


def samples(session, **changes):
    result = session.run(flow(**changes), targets=["k:0"])
    return result.value("k")["samples"], result.steps_reused


def test_changing_the_end_costs_only_the_tail(places):
    with open_session(places) as session, open_session(places) as fresh:
        assert samples(session, end=4)[1] == {}
        longer, reused = samples(session)
        assert reused == {"k": 4}
        assert torch.equal(longer, samples(fresh)[0])
        shorter, reused = samples(session, end=5, leftover="disable")
        assert reused == {"k": 4}  # the step to no noise is another one
        with open_session(places) as third:
            assert torch.equal(shorter, samples(third, end=5, leftover="disable")[0])


@pytest.mark.parametrize("change", [{"seed": 6}, {"positive": "an owl"}, {"sampler": "euler"}])
def test_other_runs_start_anew(places, change):
    with open_session(places) as session:
        samples(session, end=4)
        assert samples(session, **change)[1] == {}


def test_the_listener_and_the_report_are_told(places):
    with open_session(places) as session:
        samples(session, end=4)
        events = []
        result = session.run(flow(), targets=["k:0"], listener=events.append)
    (finished,) = (event for event in events if event.kind == "node_finished" and event.node == "k")
    assert finished.data == {"steps_reused": 4}
    assert [event.done for event in events if event.kind == "progress"] == [4, 5, 6]
    told = {entry["id"]: entry["steps_reused"] for entry in result.report["nodes"]}
    assert told == {"m": None, "pos": None, "neg": None, "empty": None, "k": 4}


def test_an_interrupted_run_goes_on_in_the_same_session(places, monkeypatch):
    from graphexec.diffusion import resumption
    from graphexec.execute.cancel import Cancel

    monkeypatch.setattr(resumption, "INTERVAL", 0.0)
    monkeypatch.setattr(resumption, "SHARE", float("inf"))
    cancel = Cancel()

    def listener(event):
        if event.kind == "progress" and event.done == 3:
            cancel.set()

    with open_session(places) as session, open_session(places) as fresh:
        with pytest.raises(graphexec.errors.Interrupted):
            session.run(flow(sampler="dpmpp_sde"), targets=["k:0"], listener=listener, cancel=cancel)
        resumed, reused = samples(session, sampler="dpmpp_sde")
        assert reused["k"] in (3, 4)
        assert torch.equal(resumed, samples(fresh, sampler="dpmpp_sde")[0])
