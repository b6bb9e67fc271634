"""The import layers hold, and the check of them sees what breaks them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.commands import ROOT

pytest.importorskip("importlinter", reason="checking layers takes import-linter: pip install '.[dev]'")
CHECK = "from importlinter.cli import lint_imports_command; lint_imports_command()"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the packages, with the contracts."""
    for package in ("graphexec", "nodes"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", CHECK, "--no-cache"], cwd=tree, capture_output=True, text=True)


def test_the_layers_hold(tree: Path) -> None:
    checked = lint(tree)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("module", "planted", "contract"),
    [
        ("plan/model.py", "import torch", "The engine knows no tensor"),
        ("graph/model.py", "def f():\n    import graphexec.execute.events", "Layers"),
        ("diffusion/noise.py", "import graphexec.graph.model", "The numerics know no graph"),
        ("../nodes/latent.py", "import graphexec.plan.model", "Nodes are thin glue"),
    ],
)
def test_a_planted_import_breaks_a_contract(tree: Path, module: str, planted: str, contract: str) -> None:
    with (tree / "graphexec" / module).open("a") as file:
        file.write(f"\n{planted}\n")
    checked = lint(tree)
    broken = [line for line in checked.stdout.splitlines() if "BROKEN" in line]
    assert checked.returncode == 1 and [line for line in broken if line.startswith(contract)], checked.stdout
