"""The streams and the last resort: closed pipes, narrow encodings, bugs of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import environment, program, start


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
