"""Contestants of `sampler` that are graphexec: workflows in a Session, held by their listener after each step."""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

import graphexec
from graphexec.diffusion.schedules import scaled_linear, sigma_max
from graphexec.execute.events import Event
from tests.benchmarks.checkpoints import NAME
from tests.benchmarks.gate import Gate

SCALE = 0.18215
FIRST = 1
"""Seed of the noise of the first step, which contestants are compared by."""


def steps(gate: Gate, scratch: str, dtype: str, width: int, size: int, batch: int, count: int, cfg: float) -> None:
    """Steps of KSamplerAdvanced; the first is made apart, and what it changes is the output."""
    with opened(scratch, dtype) as session:
        flow = workflow(width, size, batch, count, cfg)
        graph, _ = session.build(flow, targets=["sample:0"])
        assert graph is not None
        session.plan(graph)  # the file's digest is known from here on
        began = time.perf_counter()
        first = session.run(flow, targets=["sample:0"], set={"sample.end_at_step": 1, "sample.noise_seed": FIRST})
        seconds = time.perf_counter() - began
        made = first.value("sample", 0)["samples"] * SCALE
        output = made - start(FIRST, *made.shape)

        def listen(event: Event) -> None:
            if event.kind == "progress" and event.done == 1:
                gate.ready(output, first=seconds, threads=torch.get_num_threads())
            elif event.kind == "progress":
                gate.lap()

        session.run(flow, targets=["sample:0"], listener=listen)
        raise AssertionError("more laps than steps")


def decodes(gate: Gate, scratch: str, dtype: str, size: int) -> None:
    """Decodes of latents by VAEDecode; the output is the first image."""
    with opened(scratch, dtype) as session:
        for seed in itertools.count():
            flow = {
                "model": checkpoint(),
                "latent": {"class_type": "BenchLatent", "inputs": {"seed": seed, "cells": size // 8}},
                "decode": {"class_type": "VAEDecode", "inputs": {"samples": ["latent", 0], "vae": ["model", 2]}},
            }
            began = time.perf_counter()
            result = session.run(flow, targets=["decode:0"])
            if seed:
                gate.lap()
            else:
                gate.ready(result.value("decode", 0), first=time.perf_counter() - began)


def start(seed: int, *shape: int) -> torch.Tensor:
    """The noised empty latent that a run of SD1 starts from, in model space."""
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return noise.mul((1 + sigma_max(scaled_linear()) ** 2) ** 0.5)


def opened(scratch: str, dtype: str) -> graphexec.Session:
    """A Session as users have it, with a cache on disk; an empty one, or steps of an earlier race would be reused."""
    place = Path(scratch)
    cache = Path(tempfile.mkdtemp(prefix="cache-", dir=place))
    return graphexec.Session(
        place / "models", output=place / "output", nodes=[place / "pack.py"], cache=cache, dtype=dtype
    )


def checkpoint() -> dict[str, Any]:
    """The node that loads the checkpoint."""
    return {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": NAME}}


def workflow(width: int, size: int, batch: int, count: int, cfg: float) -> dict[str, Any]:
    """Text to latent with random conditionings of the text encoder's width, for an image of `size` pixels a side."""
    said = {
        name: {"class_type": "BenchConditioning", "inputs": {"seed": seed, "width": width}}
        for name, seed in (("positive", 11), ("negative", 12))
    }
    sides = {"width": size, "height": size, "batch_size": batch}
    settings: dict[str, Any] = {
        "model": ["model", 0],
        "positive": ["positive", 0],
        "negative": ["negative", 0],
        "latent_image": ["latent", 0],
        "add_noise": "enable",
        "noise_seed": FIRST + 1,
        "steps": count,
        "cfg": cfg,
        "sampler_name": "euler",
        "scheduler": "simple",
        "start_at_step": 0,
        "end_at_step": 10000,
        "return_with_leftover_noise": "enable",
    }
    return {
        "model": checkpoint(),
        **said,
        "latent": {"class_type": "EmptyLatentImage", "inputs": sides},
        "sample": {"class_type": "KSamplerAdvanced", "inputs": settings},
    }
