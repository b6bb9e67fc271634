"""Ctrl-C, SIGTERM and deadlines, sent to a program that is really running."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import termios
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from tests.cli.program import program, save, start, workflow

LOAD = ("LoadImage", {"image": "hills.png"})
SAVE = save("1", "kept")


@contextmanager
def in_a_node(*arguments: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a run and wait until the code of a `Step` runs."""
    with start("run", *arguments, "--nodes", "pack.py", cwd=cwd) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if line == "in the node\n":
                    break
            else:
                raise AssertionError("the node never ran")
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_a_run_and_keeps_what_finished(home: Path, number: signal.Signals) -> None:
    """The node sleeps for a minute and never looks whether it should stop."""
    slow = ("Step", {"value": 1, "seconds": 60.0})
    file = workflow(home / "f.json", {"1": LOAD, "2": SAVE, "3": slow, "4": ("Show", {"value": ["3", 0]})})
    with in_a_node(file, cwd=home) as process:
        begun = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert time.monotonic() - begun < 30
    assert (process.returncode, out) == (130, "output/kept_00001_.png\n")
    assert f"interrupted by {number.name}" in err and "Traceback" not in err


def test_between_nodes_a_signal_stops_a_run_before_the_next_one(home: Path) -> None:
    chain = {str(i): ("Step", {"value": [str(i - 1), 0] if i else 0, "seconds": 0.3}) for i in range(200)}
    file = workflow(home / "f.json", {**chain, "end": ("Show", {"value": ["199", 0]})})
    with in_a_node(file, cwd=home) as process:
        process.terminate()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and err.count("in the node") <= 2


def test_a_second_signal_stops_at_once(home: Path) -> None:
    file = workflow(home / "f.json", {"1": ("Step", {"value": 1, "seconds": 60.0}), "2": ("Show", {"value": ["1", 0]})})
    with in_a_node(file, cwd=home) as process:
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in err
    assert time.monotonic() - begun < 30


def test_the_deadline_counts_from_the_start_of_the_program(home: Path) -> None:
    chain = {str(i): ("Step", {"value": [str(i - 1), 0] if i else 0, "seconds": 0.2}) for i in range(500)}
    file = workflow(home / "f.json", {"a": LOAD, "b": save("a", "kept"),
                                      **chain, "end": ("Show", {"value": ["499", 0]})})  # fmt: skip
    ended = program("run", file, "--nodes", "pack.py", "--deadline", "4", cwd=home)
    assert ended.status == 124 and "the deadline of 4 s is over" in ended.err


def test_the_deadline_stops_a_node_that_does_not_look(home: Path) -> None:
    file = workflow(home / "f.json", {"1": ("Step", {"value": 1, "seconds": 60.0}), "2": ("Show", {"value": ["1", 0]})})
    begun = time.monotonic()
    ended = program("run", file, "--nodes", "pack.py", "--deadline", "1", cwd=home)
    assert ended.status == 124 and time.monotonic() - begun < 45


def until_read(pipe: IO[str]) -> None:
    """Write a line that means nothing and wait until the program has taken it."""
    pipe.write("\n")
    pipe.flush()
    left = array("i", [1])
    deadline = time.monotonic() + 60
    while left[0] and time.monotonic() < deadline:
        time.sleep(0.05)
        fcntl.ioctl(pipe.fileno(), termios.FIONREAD, left)


def test_ctrl_c_while_reading_standard_input_stops_at_once(home: Path) -> None:
    with start("run", "-", cwd=home, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        until_read(process.stdin)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
