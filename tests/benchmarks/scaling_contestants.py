"""Contestants of `scaling`: whole runs of the sampler with the shipped model."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import graphexec
from graphexec.files import shipped_models
from tests.benchmarks.gate import Gate
from tests.benchmarks.sampler_ours import workflow

CHECKPOINT, WIDTH, SIDE, CFG = "shapes.safetensors", 64, 128, 5.0


def runs(gate: Gate, scratch: str, counts: Sequence[int]) -> None:
    """Runs of as many steps as `counts` say, one after another and again from the first, each with its own noise."""
    pack = Path(scratch) / "pack.py"
    with graphexec.Session(shipped_models(), output=scratch, nodes=[pack], cache=None) as session:
        for seed, count in enumerate(itertools.cycle((counts[0], *counts[1:]))):
            if not seed:
                _run(session, count, 10**6)
                gate.ready()
            _run(session, count, seed)
            gate.lap()


def _run(session: graphexec.Session, count: int, seed: int) -> None:
    flow = workflow(WIDTH, SIDE, 1, count, CFG)
    changes = {"model.ckpt_name": CHECKPOINT, "sample.noise_seed": seed}
    session.run(flow, targets=["sample:0"], set=changes)
