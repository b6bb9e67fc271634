"""A project with a workflow that a lock can be made of: a picture, brightened by a pack and saved, and its latent."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.project.commands import ROOT

PACK = """
VERSION = 1

class Brighten:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": ("IMAGE",), "by": ("FLOAT", {"default": 0.0, "min": -1.0, "max": 1.0})}}
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "go"
    def go(self, image, by):
        return ((image + by).clamp(0, 1),)

class Touch(Brighten):
    "Change one channel of one pixel by one level of 255."
    def go(self, image, by):
        image = image.clone()
        image[0, 2, 3, 1] += (1 / 255 if image[0, 2, 3, 1] < 0.5 else -1 / 255) * (1 if by else 0)
        return (image,)

class Count(Brighten):
    "Leaves a trace of every call."
    def go(self, image, by):
        with open("calls.txt", "a") as file:
            file.write("x")
        return super().go(image, by)

NODE_CLASS_MAPPINGS = {"Brighten": Brighten, "Touch": Touch, "Count": Count}
"""

NODES: dict[str, Any] = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "hills.png"}},
    "2": {"class_type": "Brighten", "inputs": {"image": ["1", 0], "by": 0.125}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "bright"}},
    "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "5": {"class_type": "SaveLatent", "inputs": {"samples": ["4", 0], "filename_prefix": "latent"}},
}


def workflow(**changes: Any) -> dict[str, Any]:
    """Return the workflow with inputs replaced: `workflow(n2={"by": 0.5})`; a text is another type of the node."""
    made: dict[str, Any] = json.loads(json.dumps(NODES))
    for name, change in changes.items():
        if isinstance(change, str):
            made[name[1:]]["class_type"] = change
        else:
            made[name[1:]]["inputs"] |= change
    return made


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with `flow.json`, `pack.py` and `input/`, made the current one; settings are in variables."""
    for name in list(os.environ):
        if name.startswith("GRAPHEXEC_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GRAPHEXEC_NODES", "pack.py")
    monkeypatch.setenv("GRAPHEXEC_DEVICE", "cpu")
    monkeypatch.setenv("GRAPHEXEC_DTYPE", "fp32")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pack.py").write_text(PACK)
    (tmp_path / "input").mkdir()
    shutil.copy(ROOT / "workflows/input/hills.png", tmp_path / "input")
    (tmp_path / "flow.json").write_text(json.dumps(workflow()))
    return tmp_path
