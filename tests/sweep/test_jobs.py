"""Sweeps in several processes: shared work once, workers that die lose only their cell, none outlives its parent."""

import json
import os
import subprocess
import sys
import time
from collections import Counter

import pytest

from graphexec.api import Session
from graphexec.errors import DeadlineExceeded, Interrupted, UsageError
from graphexec.execute.cancel import Cancel
from graphexec.sweep import sweep
from tests.cli.program import environment

PACK = """
import os, signal, time
from pathlib import Path

HOME = Path(__file__).parent

def log(text):
    with open(HOME / "log", "a") as stream:
        stream.write(f"{text} {os.getpid()}\\n")

class Slow:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 0}), "ms": ("INT", {"default": 0})}}
    RETURN_TYPES = ("INT",)
    FUNCTION = "go"
    def go(self, value, ms):
        log(f"slow{value}")
        print("noise on standard output", flush=True)
        time.sleep(ms / 1000)
        return (value,)

class Show:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {}), "cell": ("INT", {"default": 0})}}
    RETURN_TYPES = ()
    OUTPUT_NODE = True
    FUNCTION = "go"
    def go(self, value, cell):
        log(f"cell{cell}")
        if cell == 66 and not (HOME / "died").exists():
            (HOME / "died").write_text("once")
            os.kill(os.getpid(), signal.SIGKILL)
        if cell == 77:
            os.kill(os.getpid(), signal.SIGKILL)
        if cell == 88:
            raise ValueError("no luck")
        return {"ui": {"text": [str(value)]}}

NODE_CLASS_MAPPINGS = {"Slow": Slow, "Show": Show}
"""
FLOW = {
    "slow": {"class_type": "Slow", "inputs": {"value": 1, "ms": 0}},
    "show": {"class_type": "Show", "inputs": {"value": ["slow", 0], "cell": 0}},
}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "pack.py").write_text(PACK)
    return tmp_path


def opened(home, cache="cache"):
    return Session(nodes=[home / "pack.py"], output=home / "out", cache=cache and home / cache, threads=1)


def logged(home):
    return Counter(line.split()[0] for line in (home / "log").read_text().splitlines())


def test_cells_are_run_by_several_processes_and_shared_work_is_done_once(home):
    matrix = {"show.cell": [*range(6)], "slow.value": [1, 2]}
    result = sweep(opened(home), FLOW, matrix=matrix, name="s", jobs=2, set={"slow.ms": 300})
    assert [cell.status for cell in result.cells] == ["done"] * 12
    assert logged(home) == {"slow1": 1, "slow2": 1, **{f"cell{n}": 2 for n in range(6)}}
    assert len({line.split()[1] for line in (home / "log").read_text().splitlines()}) == 2


def test_a_worker_that_dies_loses_its_cell_which_is_tried_once_more(home):
    result = sweep(
        opened(home), FLOW, matrix={"show.cell": [1, 66, 77, 88, 2, 3]}, name="s", jobs=2, set={"slow.ms": 300}
    )
    assert [cell.status for cell in result.cells] == ["done", "done", "failed", "failed", "done", "done"]
    assert result.cells[2].error == "its worker process died 2 times (killed by SIGKILL)"
    assert result.cells[3].error.startswith("node show (Show) failed: ")
    assert logged(home) == {"slow1": 1, "cell1": 1, "cell66": 2, "cell77": 2, "cell88": 1, "cell2": 1, "cell3": 1}


def test_a_sweep_in_processes_stops_when_it_is_told_and_at_its_deadline(home):
    cancel, began = Cancel(), time.monotonic()
    with pytest.raises(Interrupted):
        sweep(
            opened(home, None), FLOW, matrix={"slow.value": [1, 2, 3]}, set={"slow.ms": 60_000}, name="s", jobs=2,
            cancel=cancel, listener=lambda event: cancel.set() if event.kind == "cell_event" else None,
        )  # fmt: skip
    with pytest.raises(DeadlineExceeded):
        sweep(
            opened(home, None), FLOW, matrix={"slow.value": [1, 2, 3]}, set={"slow.ms": 60_000}, name="s", jobs=2,
            deadline=5,
        )  # fmt: skip
    assert time.monotonic() - began < 60
    manifest = json.loads((home / "out/s/sweep.json").read_text())
    assert {cell["status"] for cell in manifest["cells"]} == {"pending"}


def test_workers_end_when_their_parent_is_killed(home):
    code = (
        "import sys; from graphexec.api import Session; from graphexec.sweep.run import sweep\n"
        f"sweep(Session(nodes=[{str(home / 'pack.py')!r}], cache=None), {FLOW!r}, matrix={{'slow.value': [1, 2]}}, "
        "set={'slow.ms': 60000}, name='s', jobs=2)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=home, env=environment(), stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: (home / "log").exists() and len((home / "log").read_text().splitlines()) == 2)
    finally:
        process.kill()
        process.wait()
    workers = [int(line.split()[1]) for line in (home / "log").read_text().splitlines()]
    wait_for(lambda: not any(alive(worker) for worker in workers))


def wait_for(condition):
    ends = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.05)


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "Z" not in subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout


def test_what_exists_in_this_process_only_is_refused(home, tmp_path):
    import dataclasses

    from graphexec.api import load

    document = load(FLOW)
    changed = dataclasses.replace(document, nodes={**document.nodes})
    changed.nodes["slow"] = dataclasses.replace(document.nodes["slow"], inputs={"value": 5, "ms": 0})
    with pytest.raises(UsageError, match="document that was changed"):
        sweep(opened(home), changed, matrix={"show.cell": [1]}, name="s", jobs=2)
    with pytest.raises(UsageError, match="at least one job"):
        sweep(opened(home), FLOW, matrix={"show.cell": [1]}, name="s", jobs=0)


def test_a_worker_that_cannot_start_is_an_error(home):
    session = opened(home)
    session.options = {**session.options, "models": [str(home / "gone")]}
    with pytest.raises(UsageError, match="a worker cannot start"):
        sweep(session, FLOW, matrix={"show.cell": [1]}, name="s", jobs=2)
