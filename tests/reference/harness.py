"""Reference cases: loading them, naming the tensors of a socket value, and the error each kind may have.

A case is a workflow in API format and the tensors that ComfyUI gave at some of its sockets, computed on the CPU in
float32. The limits are those published with the cases: about six times what two attention kernels differ by.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

LIMITS = {"latent": 2e-4, "text": 2e-5, "decoded": 2e-5, "resampled": 1e-4, "sigmas": 1e-5, "exact": 2e-6}
SIGMAS = {"sigmas", "high", "low", "first", "extended", "flipped"}
EXACT = {"mask", "mask0", "scene", "odd", "rgba", "rgb"}
RESAMPLING = ("/scale", "blur", "sharpen")


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One case: `capture` names the sockets that `expected` holds tensors for, keyed `case#capture[.part]`."""

    group: str
    name: str
    workflow: dict[str, Any]
    capture: dict[str, tuple[str, int]]
    file: Path

    @property
    def targets(self) -> list[str]:
        """The captured sockets as targets of a run."""
        return [f"{node}:{slot}" for node, slot in self.capture.values()]

    def expected(self) -> dict[str, Tensor]:
        """Read the expected tensors of this case."""
        with safe_open(self.file.with_suffix(".safetensors"), "pt") as tensors:
            names = tensors.keys()
            return {key: tensors.get_tensor(key) for key in names if key.rsplit("#", 1)[0] == self.name}


def load_cases(directory: Path) -> list[Case]:
    """Read every `GROUP.json` of a directory, in order of their names."""
    return [
        Case(file.stem, item["name"], item["workflow"], {k: (n, s) for k, (n, s) in item["capture"].items()}, file)
        for file in sorted(directory.glob("*.json"))
        for item in json.loads(file.read_text())
    ]


def flatten(name: str, value: object) -> Iterator[tuple[str, Tensor]]:
    """Name the tensors inside a socket value: `x`, `x.noise_mask`, `x.0.cond`, `x.0.pooled_output`."""
    match value:
        case Tensor():
            assert not value.is_floating_point() or value.dtype is torch.float32, f"{name} is {value.dtype}"
            yield name, value.detach().cpu().float()
        case {"samples": _}:
            for key, item in value.items():
                yield from flatten(name if key == "samples" else f"{name}.{key}", item)
        case [[_, _], *_]:
            for i, (tensor, options) in enumerate(value):
                yield from flatten(f"{name}.{i}.cond", tensor)
                for key, item in options.items():
                    yield from flatten(f"{name}.{i}.{key}", item)
        case list() if all(isinstance(item, int) for item in value):
            yield name, torch.tensor(value, dtype=torch.float32)


def kind(group: str, key: str) -> str:
    """Return which limit holds for the tensor `case#capture`."""
    capture = key.rsplit("#", 1)[1].split(".")[0]
    if group == "text_encode" or capture in ("cond", "positive"):
        return "text"
    if capture in SIGMAS:
        return "sigmas"
    if capture in EXACT:
        return "exact"
    if group == "image_nodes":
        return "resampled" if any(word in f"/{key}" for word in RESAMPLING) else "exact"
    if group == "latent_nodes":
        return "resampled" if "upscale" in key or "composite" in key else "exact"
    return "decoded" if capture == "image" else "latent"


def error(what: str, got: Tensor, want: Tensor) -> float:
    """Return the largest error: per element for sigmas, in units of the spread for latents and text, else absolute."""
    if not want.numel():
        return 0.0
    difference = (got - want).abs()
    if what == "sigmas":
        return float((difference / want.abs().clamp_min(1e-6)).max())
    spread = float(want.std()) if what in ("latent", "text") and want.numel() > 1 else 1.0
    return float(difference.max()) / max(1.0, spread)


def mismatches(case: Case, values: dict[str, Any]) -> list[str]:
    """Compare captured values (by capture name) with the case; an empty list means that it passes."""
    expected = case.expected()
    ours = dict(pair for name, value in values.items() for pair in flatten(f"{case.name}#{name}", value))
    found = [] if expected else ["the case expects nothing"]
    found += [f"{key}: the reference has no such value" for key in ours.keys() - expected.keys()]
    found += [f"{key}: missing" for key in expected.keys() - ours.keys()]
    for key in expected.keys() & ours.keys():
        got, want, what = ours[key], expected[key], kind(case.group, key)
        if got.shape != want.shape:
            found.append(f"{key}: shape {tuple(got.shape)}, expected {tuple(want.shape)}")
        elif not torch.isfinite(got).all():
            found.append(f"{key}: not finite")
        elif (size := error(what, got, want)) > LIMITS[what]:
            found.append(f"{key}: error {size:.2e}, allowed {LIMITS[what]:.0e} ({what})")
    return found
