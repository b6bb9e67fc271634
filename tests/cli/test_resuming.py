"""`kill -9` while a sampler works: the same command goes on from its last checkpoint, and gives the same bits."""

from __future__ import annotations

import json
import random
import runpy
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Ended, program, start, workflow
from tests.project.commands import ROOT

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch")

OFTEN = """
import sys, time
from graphexec.diffusion import resumption
from graphexec.diffusion.models.bound import BoundUNet
resumption.INTERVAL, resumption.SHARE = 0.1, 1.0
real = BoundUNet.__call__
def slow(self, inputs):
    time.sleep(0.01)
    return real(self, inputs)
BoundUNet.__call__ = slow
from graphexec.cli import main
sys.exit(main())
"""
"""The program with more frequent checkpoints, for a network that takes its time."""

SAMPLERS = ("dpmpp_2m", "uni_pc", "euler_ancestral", "dpmpp_2m_sde", "dpm_adaptive")


def flow(directory: Path, sampler: str, masked: bool) -> str:
    inputs: dict[str, Any] = {"model": ["m", 0], "positive": ["p", 0], "negative": ["n", 0]}
    settings = {"seed": 7, "steps": 60, "cfg": 4.0, "sampler_name": sampler, "scheduler": "normal", "denoise": 1.0}
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "m": ("CheckpointLoaderSimple", {"ckpt_name": "tiny.safetensors"}),
        "p": ("CLIPTextEncode", {"text": "a fox", "clip": ["m", 1]}),
        "n": ("CLIPTextEncode", {"text": "", "clip": ["m", 1]}),
        "e": ("EmptyLatentImage", {"width": 64, "height": 64, "batch_size": 1}),
        "k": ("KSampler", inputs | settings | {"latent_image": ["e", 0]}),
        "s": ("SaveLatent", {"samples": ["k", 0], "filename_prefix": "x"}),
    }
    if masked:
        nodes["k"][1]["latent_image"] = ["set", 0]
        nodes["mask"] = ("SolidMask", {"value": 0.5, "width": 64, "height": 64})
        nodes["set"] = ("SetLatentNoiseMask", {"samples": ["e", 0], "mask": ["mask", 0]})
    return workflow(directory / f"{sampler}.json", nodes)


@pytest.fixture
def place(home: Path) -> Path:
    writer = runpy.run_path(str(ROOT / "workflows" / "tiny_checkpoint.py"))
    writer["write"](home / "models" / "checkpoints" / "tiny.safetensors", writer["Size"]())
    return home


def arguments(file: str, cache: str, output: str) -> list[str]:
    return ["run", file, "--models", "models", "--cache", cache, "--output", output, "--device", "cpu", "--json"]


def kill_after(place: Path, step: int, *given: str) -> None:
    """Run until so many steps are reported, then kill."""
    with start(*given, cwd=place, python=("-c", OFTEN)) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "progress" and event["done"] >= step:
                process.kill()
        assert process.wait() == -signal.SIGKILL


def latent(ended: Ended) -> bytes:
    (written,) = [event for event in ended.events if event["event"] == "file_written"]
    return tensor(Path(written["data"]["path"]))


def tensor(path: Path) -> bytes:
    from safetensors.torch import load_file

    content: bytes = load_file(path)["latent_tensor"].numpy().tobytes()
    return content


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_killed_anywhere_and_begun_again_it_ends_with_the_same_bits(place: Path, sampler: str) -> None:
    file = flow(place, sampler, masked=sampler in ("euler_ancestral", "dpmpp_2m_sde"))
    whole = program(*arguments(file, "off", "whole"), cwd=place, python=("-c", OFTEN))
    assert whole.status == 0, whole.err
    steps = max(event["done"] for event in whole.events if event["event"] == "progress")
    for step in sorted(random.Random(sampler).sample(range(steps // 4, steps * 3 // 4), 2)):
        kill_after(place, step, *arguments(file, "cache", "out"))
    ended = program(*arguments(file, "cache", "out"), cwd=place, python=("-c", OFTEN))
    assert ended.status == 0, ended.err
    (finished,) = [e for e in ended.events if e["event"] == "node_finished" and e["node"] == "k"]
    assert finished["data"]["steps_reused"] > 0
    assert latent(ended) == latent(whole)
