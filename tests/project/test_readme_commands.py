"""Every command that README shows does what README says; those of set-up and tests are run by CI itself."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.commands import ROOT
from workflows.shapes.evaluate import workflow

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"(<!-- ci: \w+ -->\n)?```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = [line for mark, block in BLOCKS if not mark for line in block.splitlines() if line.startswith("graphexec ")]
INLINE = re.findall(r"`(graphexec [^`]+)`", README)


def renumbered(graph: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """The graph with the ids of ComfyUI's first workflow: 3 is the sampler, 9 saves."""
    ids = {"1": "4", "2": "6", "3": "7", "4": "5", "5": "3", "6": "8", "7": "9"}

    def value(one: object) -> object:
        return [ids[one[0]], one[1]] if isinstance(one, list) else one

    made = {
        ids[name]: {**node, "inputs": {key: value(one) for key, one in node["inputs"].items()}}  # type: ignore[attr-defined]
        for name, node in graph.items()
    }
    made["9"] = {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "flow"}}
    return made


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS + INLINE)
def test_a_command_of_readme_works(command: str, tmp_path: Path) -> None:
    (tmp_path / "ComfyUI/models/checkpoints").mkdir(parents=True)
    (tmp_path / "flow.json").write_text(json.dumps(renumbered(workflow("a blue ring on a white background", 1))))
    bin_directory = str(Path(sys.executable).parent)
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path), "PATH": f"{bin_directory}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert not re.search(r"\b(error|warning|Traceback)\b", ran.stderr), ran.stderr


@pytest.mark.slow
def test_the_program_of_readme_draws_a_picture(tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "output/circle_00001_.png").exists()


def test_there_are_commands() -> None:
    assert len(COMMANDS) >= 7 and {command.split()[1] for command in COMMANDS} >= {"run", "check", "plan"}
