"""A sweep over a real, if random, model: prefixes of samplers are computed once, pictures are those of `run`."""

import subprocess
import sys
from pathlib import Path

import pytest

from graphexec.api import Session
from graphexec.sweep import sweep
from tests.project.commands import ROOT


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return a models directory with a tiny checkpoint."""
    home = tmp_path_factory.mktemp("models")
    writer = [sys.executable, ROOT / "workflows/tiny_checkpoint.py", home / "checkpoints/tiny.safetensors"]
    subprocess.run(writer, check=True, capture_output=True)
    return home


@pytest.mark.slow
def test_stopping_later_costs_only_the_tail_and_gives_the_same_picture(tmp_path, models):
    reused, events = {}, []
    leftover = {"sampler.return_with_leftover_noise": "enable"}

    def listen(event):
        events.append(event)
        if event.event and event.event.kind == "node_finished" and event.event.node == "sampler":
            reused[event.cell] = event.event.data.get("steps_reused", 0)

    with Session(models=models, output=tmp_path, cache=None) as session:
        result = sweep(
            session, str(ROOT / "workflows/hello.yaml"), matrix={"sampler.end_at_step": [5, 2, 3]}, name="s",
            params={"size": 64}, set=leftover, listener=listen,
        )  # fmt: skip
    assert reused == {2: 0, 3: 2, 1: 3} and [e.cell for e in events if e.kind == "cell_started"] == [2, 3, 1]
    with Session(models=models, output=tmp_path, cache=None) as session:
        alone = session.run(
            str(ROOT / "workflows/hello.yaml"), params={"size": 64}, set={**leftover, "sampler.end_at_step": 5}
        )
    assert Path(alone.files[0]).read_bytes() == result.files[0].read_bytes()
