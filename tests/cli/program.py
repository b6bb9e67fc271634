"""The program as a user starts it: in a process of its own, or in this one where that is enough."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from graphexec.cli.app import app
from tests.project.commands import ROOT

PACK = """
import sys, time

print("what a pack prints when it is loaded")

class Step:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 0})}, "optional": {"seconds": ("FLOAT", {"default": 0.0})}}
    RETURN_TYPES = ("INT",)
    FUNCTION = "go"
    def go(self, value, seconds=0.0):
        print("in the node", flush=True)
        time.sleep(seconds)
        return (value + 1,)

class Fail(Step):
    OUTPUT_NODE = True
    def go(self, value, seconds=0.0):
        raise ValueError("no luck \\x1b[31m today")

class Show(Step):
    OUTPUT_NODE = True
    RETURN_TYPES = ()
    def go(self, value, seconds=0.0):
        return {"ui": {"text": [str(value)]}}

NODE_CLASS_MAPPINGS = {"Step": Step, "Fail": Fail, "Show": Show}
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call of the program ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Standard output by lines."""
        return self.out.splitlines()

    @property
    def events(self) -> list[dict[str, Any]]:
        """Standard output as NDJSON."""
        return [json.loads(line) for line in self.lines]


def call(*arguments: str, input: str | bytes | None = None) -> Ended:
    """Call the program in this process, in the working directory that the test set."""
    ended = CliRunner().invoke(app, list(arguments), input=input, prog_name="graphexec")
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Ended(ended.exit_code, ended.stdout, ended.stderr)


def start(
    *arguments: str, cwd: Path, python: tuple[str, ...] = ("-m", "graphexec"), **settings: Any
) -> subprocess.Popen[str]:
    """Start the program in a process of its own."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | settings
    command = [sys.executable, *python, *arguments]
    return subprocess.Popen(command, cwd=cwd, env=environment(), text=True, **pipes)


def program(*arguments: str, cwd: Path, python: tuple[str, ...] = ("-m", "graphexec")) -> Ended:
    """Run the program in a process of its own."""
    process = start(*arguments, cwd=cwd, python=python)
    out, err = process.communicate(timeout=300)
    return Ended(process.returncode, out, err)


def environment() -> dict[str, str]:
    """Return an environment in which only the source tree and the installed packages are found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GRAPHEXEC_", "PYTHON"))}
    return kept | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "XDG_CONFIG_HOME": "/nonexistent"}


def workflow(path: Path, nodes: Mapping[str, tuple[str, Mapping[str, Any]]]) -> str:
    """Write an API-format file of `{id: (type, inputs)}` and return its path as text."""
    path.write_text(json.dumps({id: {"class_type": type, "inputs": inputs} for id, (type, inputs) in nodes.items()}))
    return str(path)


def save(source: str, prefix: str) -> tuple[str, dict[str, Any]]:
    """Return the SaveImage node for the first output of the node `source`."""
    return "SaveImage", {"images": [source, 0], "filename_prefix": prefix}
