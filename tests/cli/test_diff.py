"""The verb `diff`: statuses as those of diff(1), text and JSON, and git, which calls it with seven arguments."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import call, environment
from tests.project.commands import ROOT

HELLO = str(ROOT / "workflows/hello.yaml")


@pytest.fixture
def files(home):
    text = Path(HELLO).read_text()
    Path("a.yaml").write_text(text)
    Path("b.yaml").write_text(text.replace("cfg: 5", "cfg: 6"))
    assert Path("a.yaml").read_text() != Path("b.yaml").read_text()
    return home


def test_statuses(files):
    assert call("diff", "a.yaml", HELLO).status == 0
    different = call("diff", "a.yaml", "b.yaml")
    assert different.status == 1
    assert different.lines == [
        "~ node sampler (KSamplerAdvanced)",
        "~     cfg: 5.0 -> 6.0",
        "runs again: sampler, decode, save (3 of 7 nodes)",
    ]
    assert call("diff", "a.yaml").status == 2
    assert call("diff", "a.yaml", "b.yaml", "--format", "xml").status == 2
    Path("c.yaml").write_text("graphexec: 1\nnodes: 3\n")
    assert call("diff", "a.yaml", "c.yaml").status == 1, "as InvalidWorkflow of every verb"


def test_formats_do_not_count(files):
    call("convert", "a.yaml", "--to", "editor", "-o", "a.json")
    ended = call("diff", "a.json", "a.yaml")
    assert (ended.status, ended.out) == (0, "")


def test_json(files):
    found = json.loads(call("diff", "a.yaml", "b.yaml", "--format", "json").out)
    assert found["equal"] is False and found["runs_again"] == ["sampler", "decode", "save"]
    assert found["changed"] == [
        {
            "id": "sampler", "old_id": "sampler", "type": "KSamplerAdvanced", "old_type": "KSamplerAdvanced",
            "inputs": [{"name": "cfg", "old": 5.0, "new": 6.0}],
        }
    ]  # fmt: skip


def test_standard_input_once(files):
    assert call("diff", "-", "a.yaml", input=Path("b.yaml").read_text()).status == 1
    assert call("diff", "-", "-").status == 2


def test_workflows_that_cannot_run_here(files):
    for name, value in (("x.json", 1), ("y.json", 2)):
        Path(name).write_text(json.dumps({"1": {"class_type": "Foreign", "inputs": {"value": value}}}))
    assert call("diff", "x.json", "y.json").lines[:2] == ["~ node 1 (Foreign)", "~     value: 1 -> 2"]


def test_git(files, tmp_path):
    """The configuration is the one that docs/conversion.md gives."""
    command = f"{sys.executable} -m graphexec diff"

    def git(*arguments, check=True):
        env = environment() | {"HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]}
        return subprocess.run(["git", *arguments], cwd=files, env=env, capture_output=True, text=True, check=check)

    git("init", "-q")
    git("config", "user.name", "a")
    git("config", "user.email", "a@b")
    git("config", "diff.graphexec.command", command)
    Path(".gitattributes").write_text("*.yaml diff=graphexec\n")
    git("add", ".gitattributes", "a.yaml")
    git("commit", "-q", "-m", "one")
    Path("a.yaml").write_text(Path("b.yaml").read_text())
    shown = git("diff")
    assert shown.stdout.splitlines()[:3] == [
        "graphexec diff a.yaml", "~ node sampler (KSamplerAdvanced)", "~     cfg: 5.0 -> 6.0",
    ]  # fmt: skip
    Path("a.yaml").write_text("graphexec: 1\nnodes: {broken")
    shown = git("diff")
    assert shown.returncode == 0 and "cannot be compared as workflows" in shown.stdout
    assert "external diff died" not in shown.stderr
    Path("a.yaml").write_text(Path("b.yaml").read_text())
    git("mv", "a.yaml", "moved.yaml")
    git("add", "moved.yaml")
    shown = git("diff", "--cached")
    assert "graphexec diff a.yaml -> moved.yaml" in shown.stdout and "cfg: 5.0 -> 6.0" in shown.stdout
    git("commit", "-q", "-m", "two")
    git("add", "b.yaml")
    assert "+ node sampler (KSamplerAdvanced)" in git("diff", "--cached", "--no-renames").stdout
    git("commit", "-q", "-m", "three")
    git("rm", "-q", "b.yaml")
    assert "- node sampler (KSamplerAdvanced)" in git("diff", "--cached").stdout
