"""The checkpoints that the reference cases load: random weights, the same on every machine, from names and shapes.

Each tensor is drawn from a Philox stream keyed by its name, in the scale of a freshly initialised network, so a file of
60 MB is committed as a list of shapes (`checkpoints.json.gz`) and proven by its SHA-256.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

FOLDERS = {"tiny-sd1-lora": "loras", "tiny-sd1-controlnet": "controlnet", "tiny-style": "embeddings"}
RESIDUAL_ENDS = (
    *("conv_out.", "out.2.", "proj_out.", "to_out.0.", "out_layers.3.", "out_proj."),
    *("mlp.fc2.", "mlp.c_proj.", "ff.net.2."),
)
NOT_TABLES = ("time_embed", "label_emb", "emb_layers")
V_MARK = "output_blocks.11.1.transformer_blocks.0.norm1.bias"


@cache
def manifest() -> dict[str, dict[str, Any]]:
    """Return, by family, the shapes, the salt and the SHA-256."""
    return json.loads(gzip.decompress(Path(__file__).with_name("checkpoints.json.gz").read_bytes()))


def tensor(name: str, shape: list[int], salt: str = "") -> NDArray[np.float16]:
    """Draw one tensor: vectors around 0 or 1, tables with spread 0.1, matrices with spread 1/sqrt(fan in)."""
    if name.endswith("logit_scale"):
        return np.full(shape, 4.6).astype(np.float16)
    if name.endswith(".alpha"):
        return np.full(shape, 2.0).astype(np.float16)
    key = int.from_bytes(hashlib.sha256((salt + name).encode()).digest()[:16], "little")
    noise = np.random.Generator(np.random.Philox(key=key)).standard_normal(shape, dtype=np.float32)
    if len(shape) <= 1:
        spread = 0.2 if name.endswith(V_MARK) else 0.05
        return np.float16(1.0 * name.endswith("weight") + spread * noise)
    if "emb" in name and not any(part in name for part in NOT_TABLES):
        return np.float16(0.1 * noise)
    fan_in = shape[0] if "text_projection" in name else math.prod(shape[1:])
    quiet = any(part in name for part in RESIDUAL_ENDS) and not name.endswith("out.2.weight")
    return np.float16((0.4 if quiet else 1.0) * noise / math.sqrt(fan_in))


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
