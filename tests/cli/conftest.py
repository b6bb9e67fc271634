"""A working directory of a user: a node pack, an input picture, and no configuration but what a test writes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.cli.program import PACK, workflow
from tests.project.commands import ROOT


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory, made the current one; the user's configuration lies in `config/graphexec`."""
    for name in list(os.environ):
        if name.startswith("GRAPHEXEC_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pack.py").write_text(PACK)
    (tmp_path / "input").mkdir()
    shutil.copy(ROOT / "workflows/input/hills.png", tmp_path / "input")
    return tmp_path


@pytest.fixture
def copy(home: Path) -> str:
    """Return a workflow that loads a picture and saves it."""
    nodes = {
        "1": ("LoadImage", {"image": "hills.png"}),
        "2": ("SaveImage", {"images": ["1", 0], "filename_prefix": "copy"}),
    }
    return workflow(home / "copy.json", nodes)
