"""The streams and the last resort: closed pipes, narrow encodings, bugs of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.program import call, environment, program, start, workflow


def test_a_reader_that_leaves_early_is_no_error(home: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with start("nodes", "object-info", cwd=home, stdout=write) as process:
        os.close(write)
        assert process.stderr is not None
        err = process.stderr.read()
    assert (process.returncode, err) == (141, "")


def test_a_bug_of_ours_shows_its_traceback_and_has_a_status_of_its_own(home: Path, copy: str) -> None:
    code = (
        "import graphexec.cli.checks as c\n"
        "def check_files(*_): raise ZeroDivisionError\n"
        "c.check_files = check_files\n"
        "from graphexec.cli import main\nmain()"
    )
    ended = program("check", copy, cwd=home, python=("-c", code))
    assert ended.status == 70 and "ZeroDivisionError" in ended.err and "bug in graphexec" in ended.err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_an_encoding_lacks_is_escaped(home: Path, encoding: str) -> None:
    (home / "f.yaml").write_text("graphexec: 1\nnodes: {a: {type: 絵}}\n", encoding="utf-8")
    command = [sys.executable, "-m", "graphexec", "check", "f.yaml"]
    ended = subprocess.run(command, cwd=home, env=environment() | {"PYTHONIOENCODING": encoding}, capture_output=True)
    assert ended.returncode == 1 and rb"\u7d75" in ended.stdout and b"Traceback" not in ended.stderr


def test_version(home: Path) -> None:
    assert program("--version", cwd=home).out.startswith("graphexec 0.")


def test_what_packs_print_is_no_result(home: Path) -> None:
    nodes = {"1": ("Step", {"value": 1}), "2": ("Show", {"value": ["1", 0]})}
    file = workflow(home / "f.json", nodes)
    ended = call("run", file, "--nodes", "pack.py")
    assert (ended.status, ended.out) == (0, "")
    assert ended.err == "what a pack prints when it is loaded\nin the node\n"
    for verb in (("check",), ("plan", "--json"), ("graph",)):
        assert "what a pack prints" not in call(verb[0], file, "--nodes", "pack.py", *verb[1:]).out


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_progress_is_drawn_on_a_terminal_and_results_stay_on_standard_output(
    home: Path, copy: str, arguments: tuple[str, ...]
) -> None:
    import pty

    master, terminal = pty.openpty()
    with start("run", copy, *arguments, cwd=home, stderr=terminal) as process:
        os.close(terminal)
        drawn = b""
        with suppress(OSError):  # Linux reports the end of a pseudo-terminal as an error
            while chunk := os.read(master, 65536):
                drawn += chunk
        assert process.stdout is not None
        out = process.stdout.read()
    os.close(master)
    assert process.returncode == 0 and b"SaveImage (2)" in drawn and b"2/2" in drawn
    assert drawn.count(b"computing on ") == 1
    lines = [json.loads(line)["event"] for line in out.splitlines()] if arguments else out.splitlines()
    assert lines[-1] == ("run_finished" if arguments else "output/copy_00001_.png")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("closed", "arguments", "status"),
    [("<&-", "check -", 1), (">&-", "nodes list", 0), ("2>&-", "check gone.json", 1), ("<&- >&- 2>&-", "check -", 1)],
)
def test_closed_streams_are_empty_ones(home: Path, closed: str, arguments: str, status: int) -> None:
    command = f"{sys.executable} -m graphexec {arguments} {closed}"
    ended = subprocess.run(["sh", "-c", command], cwd=home, env=environment(), capture_output=True, text=True)
    assert ended.returncode == status and "Traceback" not in ended.stderr
