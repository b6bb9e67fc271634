"""The GitHub Actions example: its `run:` steps, executed here.

Adjustments: steps that use an action are left out, and so is Install, because graphexec under test is what has to run;
a program `graphexec` on the path starts it. Shell, variables and the order of steps are as GitHub has them: `bash -e`,
and after a failed step only those with `if: always()`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.cli.program import environment
from tests.project.commands import ROOT

EXAMPLE = yaml.load((ROOT / "workflows/ci/renders.yml").read_text(), yaml.BaseLoader)
JOB = EXAMPLE["jobs"]["verify"]
FLOW = """\
graphexec: 1
nodes:
  colour:
    type: EmptyImage
    inputs: {width: 16, height: 16, batch_size: 1, color: 4660}
  save:
    type: SaveImage
    inputs: {images: colour.IMAGE, filename_prefix: colour}
"""


@dataclass(frozen=True)
class Ran:
    """What became of the steps that ran, by name."""

    statuses: dict[str, int]
    out: str


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two workflows and their locks, and the program on the path."""
    tmp_path = tmp_path_factory.mktemp("repository")
    (tmp_path / "workflows").mkdir()
    for number, name in enumerate(("one", "two")):
        (tmp_path / f"workflows/{name}.yaml").write_text(FLOW.replace("4660", str(4660 + number)))
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/graphexec"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m graphexec "$@"\n')
    program.chmod(0o755)
    assert steps(tmp_path, [{"name": "Lock", "run": "graphexec lock $WORKFLOWS"}]).statuses == {"Lock": 0}
    return tmp_path


@pytest.fixture
def repository(locked: Path, tmp_path: Path) -> Path:
    """A copy of the repository."""
    return shutil.copytree(locked, tmp_path / "repository")


def steps(repository: Path, wanted: list[dict[str, Any]]) -> Ran:
    statuses: dict[str, int] = {}
    out = ""
    variables = environment() | JOB["env"] | {"GRAPHEXEC_CACHE": "off"}
    variables["PATH"] = f"{repository / 'bin'}{os.pathsep}{variables['PATH']}"
    for step in wanted:
        if "run" in step and step["name"] != "Install" and (not any(statuses.values()) or step.get("if") == "always()"):
            ran = subprocess.run(
                ["bash", "-e", "-c", step["run"]], cwd=repository, env=variables, capture_output=True, text=True
            )
            statuses[step["name"]] = ran.returncode
            out += ran.stdout + ran.stderr
    return Ran(statuses, out)


def kept() -> list[str]:
    (step,) = [step for step in JOB["steps"] if step.get("uses", "").startswith("actions/upload-artifact@")]
    assert step["if"] == "always()"
    return step["with"]["path"].split()


@pytest.mark.slow
def test_an_unchanged_repository_passes_and_leaves_pictures_and_reports(repository: Path) -> None:
    ran = steps(repository, JOB["steps"])
    assert ran.statuses == {"Check": 0, "Render": 0, "Verify": 0}, ran.out
    pictures, reports = (repository / folder for folder in kept())
    assert sorted(path.name for path in pictures.iterdir()) == ["colour_00001_.png", "colour_00002_.png"]
    root = ElementTree.parse(reports / "verify.xml").getroot()
    assert [root.get(name) for name in ("tests", "failures", "errors")] == ["4", "0", "0"]
    assert "2 of 2 agree" in (reports / "verify.html").read_text()


@pytest.mark.slow
def test_a_changed_picture_fails_and_is_shown(repository: Path) -> None:
    path = repository / "workflows/two.yaml"
    path.write_text(path.read_text().replace("4661", "4662"))
    ran = steps(repository, JOB["steps"])
    assert ran.statuses == {"Check": 0, "Render": 0, "Verify": 5}, ran.out
    assert "1 of 2 agree" in (repository / "reports/verify.html").read_text()


def test_a_workflow_with_errors_is_annotated_and_not_rendered(repository: Path) -> None:
    path = repository / "workflows/two.yaml"
    path.write_text(path.read_text().replace("colour.IMAGE", "gone.IMAGE"))
    ran = steps(repository, JOB["steps"])
    assert ran.statuses == {"Check": 1} and "file=workflows/two.yaml,line=8" in ran.out


def test_the_example_is_what_github_takes() -> None:
    assert EXAMPLE.keys() == {"name", "on", "permissions", "jobs"}
    assert EXAMPLE["permissions"] == {"contents": "read"}
    for step in JOB["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert "uses" not in step or "@" in step["uses"]
