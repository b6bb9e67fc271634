"""Loading a model imports no more of torch than running it needs."""

from __future__ import annotations

import subprocess
import sys

import torch
from safetensors.torch import save_file

from graphexec.diffusion.models.clip_text import ClipText, TextLayout
from tests.diffusion.layouts import drawn, meta

SCRIPT = """
import sys, torch
from pathlib import Path
from graphexec.diffusion.loading.checkpoint import load_text_encoders
from graphexec.diffusion.memory import WeightsPool
load_text_encoders([Path(sys.argv[1])], WeightsPool()).encode("a fox")
if sys.argv[2] == "draw":
    with torch.device("meta"):
        torch.nn.Embedding(2, 2)
print(*(name for name in sys.modules if name.startswith("torch._")))
"""


def imported(*arguments):
    command = [sys.executable, "-c", SCRIPT, *map(str, arguments)]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_loading_does_not_import_the_compiler(tmp_path):
    layout = TextLayout(64, 128, 1, 49408, 77, None, "quick_gelu")
    save_file(drawn(meta(ClipText, layout), dtype=torch.float16), tmp_path / "a.safetensors")
    assert "torch._dynamo" not in imported(tmp_path / "a.safetensors", "load")
    assert "torch._dynamo" in imported(tmp_path / "a.safetensors", "draw"), "the test would not see it"
