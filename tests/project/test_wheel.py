"""What the wheel holds: the two packages, the examples as data, and nothing that only the repository needs."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.project.commands import ROOT

pytest.importorskip("hatchling", reason="building a wheel takes hatchling: pip install '.[dev]'")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the tree as it is."""
    directory = tmp_path_factory.mktemp("wheel")
    build = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(directory)], cwd=ROOT, check=True, capture_output=True)
    (built,) = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The files of the wheel."""
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_is_small_though_it_holds_a_model(wheel: Path) -> None:
    assert 1e7 < wheel.stat().st_size <= 2e7


def test_every_file_of_the_packages_and_every_example_is_in_the_wheel(names: set[str]) -> None:
    files = [path for folder in ("graphexec", "nodes", "workflows") for path in (ROOT / folder).rglob("*")]
    there = {path.relative_to(ROOT).as_posix() for path in files if path.is_file() and path.suffix != ".pyc"}
    there = {name for name in there if not re.match(r"workflows/.*\.py$", name)}
    wanted = {re.sub("^workflows/", "graphexec/_workflows/", name) for name in there}
    assert wanted - names == set() and len(wanted) > 100


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    others = [name for name in names if not name.startswith(("graphexec/", "nodes/", "graphexec-"))]
    assert [name for name in names if name.startswith("graphexec/_workflows/") and name.endswith(".py")] == []
    assert others == [] and not [name for name in names if name.endswith(".pyc") or "/tests/" in name]


DATA = (
    "py.typed",
    "registry/catalogue.json",
    "document/workflow.schema.json",
    "_workflows/hello.yaml",
    "_workflows/graphexec.toml",
    "_workflows/input/square.png",
    "_models/checkpoints/shapes.safetensors",
    "_models/loras/gray-shapes.safetensors",
    "_models/README.md",
)


@pytest.mark.parametrize("name", DATA)
def test_data_files_are_in_the_wheel(names: set[str], name: str) -> None:
    assert f"graphexec/{name}" in names
