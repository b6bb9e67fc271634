"""The checkpoints that the reference cases load: random weights, the same on every machine, from names and shapes.

Each tensor is drawn from a Philox stream keyed by its name, in the scale of a freshly initialised network, so a file of
60 MB is committed as a list of shapes (`checkpoints.json.gz`) and proven by its SHA-256.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from workflows.tiny_checkpoint import tensor as draw

FOLDERS = {"tiny-sd1-lora": "loras", "tiny-sd1-controlnet": "controlnet", "tiny-style": "embeddings"}


@cache
def manifest() -> dict[str, dict[str, Any]]:
    """Return, by family, the shapes, the salt and the SHA-256."""
    return json.loads(gzip.decompress(Path(__file__).with_name("checkpoints.json.gz").read_bytes()))


def tensor(name: str, shape: list[int], salt: str = "") -> NDArray[np.float16]:
    """Draw one tensor; scales that are learnt as constants have the values they usually have."""
    if name.endswith("logit_scale"):
        return np.full(shape, 4.6).astype(np.float16)
    if name.endswith(".alpha"):
        return np.full(shape, 2.0).astype(np.float16)
    return draw(name, shape, salt)


def write(family: str, models: Path) -> Path:
    """Write the file of a family into a models directory unless it is there, and check its digest."""
    facts = manifest()[family]
    path = models / FOLDERS.get(family, "checkpoints") / f"{family}.safetensors"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(f".{os.getpid()}.part")
    shapes, salt = facts["tensors"], facts.get("salt", "")
    save_file({n: np.ascontiguousarray(tensor(n, s, salt)) for n, s in shapes.items()}, aside, {"format": "pt"})
    assert hashlib.sha256(aside.read_bytes()).hexdigest() == facts["sha256"], (
        f"{family} is not what the cases were made with"
    )
    aside.replace(path)
    return path
