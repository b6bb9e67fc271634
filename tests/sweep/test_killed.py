"""A sweep killed at any point, then started again, gives the same files as one that was never disturbed."""

import json
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.program import environment
from tests.sweep.test_run import contents

MATRIX = {"mix.red": [1, 2], "tint.blue": [1, 2, 3], "paint.copies": [1, 2]}
PROGRAM = f"""
import os, signal, sys
from pathlib import Path
from graphexec.api import Session
from graphexec.sweep import sweep
from tests.support import painting

at, count = int(sys.argv[1]), 0

def dies_at(change):
    def counted(*arguments):
        global count
        count += 1
        if count == at:
            if change is Path.write_bytes:
                change(arguments[0], arguments[1][: len(arguments[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return change(*arguments)
    return counted

Path.replace, Path.write_bytes = dies_at(Path.replace), dies_at(Path.write_bytes)
session = Session(output="out", cache=None)
session.registry = painting.registry()
print("started", flush=True)
sweep(session, painting.flow(ms=4), matrix={MATRIX!r}, name="s")
print(count)
"""


def run(home, at=0, seconds=None):
    """Run the sweep, killed at the change `at` of a file or after `seconds`; return its status and what it said."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(at)], cwd=home, env=environment(), stdout=subprocess.PIPE, text=True
    )
    if seconds is not None:
        assert process.stdout.readline() == "started\n"
        time.sleep(seconds)
        process.kill()
    out, _ = process.communicate(timeout=300)
    return process.returncode, out.split()


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """What an undisturbed sweep leaves, how many changes of files it makes, and how many seconds it takes."""
    home = tmp_path_factory.mktemp("clean")
    began = time.monotonic()
    status, out = run(home)
    assert status == 0
    return contents(home / "out/s"), int(out[-1]), time.monotonic() - began


def is_resumed(home, clean):
    """Check that a second run mends whatever the first left, and keeps what it had done."""
    path = home / "out/s/sweep.json"
    cells = json.loads(path.read_text())["cells"] if path.exists() else []
    done = {cell["number"]: cell for cell in cells if cell["status"] == "done"}
    status, _ = run(home)
    assert status == 0 and contents(home / "out/s") == clean
    after = {cell["number"]: cell for cell in json.loads(path.read_text())["cells"]}
    assert {number: after[number] for number in done} == done, "a cell that was done ran again"
    assert sorted(p.name for p in (home / "out/s").iterdir() if p.name.startswith(".")) == [".lock"]


@pytest.mark.parametrize("part", [0.05, 0.33, 0.5, 0.77])
def test_killed_while_a_file_is_changed(tmp_path, clean, part):
    status, _ = run(tmp_path, at=max(1, int(clean[1] * part)))
    assert status == -signal.SIGKILL
    is_resumed(tmp_path, clean[0])


@pytest.mark.slow
def test_killed_at_every_change_of_a_file(tmp_path_factory, clean):
    for at in range(1, clean[1] + 1):
        home = tmp_path_factory.mktemp("killed")
        assert run(home, at)[0] == -signal.SIGKILL
        is_resumed(home, clean[0])


@pytest.mark.slow
def test_killed_at_fifty_random_points(tmp_path_factory, clean):
    chance = random.Random(7)
    killed = 0
    for _ in range(50):
        home = tmp_path_factory.mktemp("killed")
        killed += run(home, seconds=chance.uniform(0, clean[2] / 2))[0] != 0
        is_resumed(home, clean[0])
    assert killed >= 25


def test_killed_again_and_again_it_comes_to_an_end(tmp_path, clean):
    for _ in range(12):
        if run(tmp_path, at=clean[1] // 4)[0] == 0:
            break
    assert contents(tmp_path / "out/s") == clean[0]
