"""ControlNets and T2I-Adapters in files: telling their layouts apart and naming their tensors as the modules do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from graphexec.diffusion.control_handle import AdapterHandle, ControlNetHandle
from graphexec.diffusion.devices import CPU, Placement
from graphexec.diffusion.loading.controlnet_names import adapter_names, controlnet_names
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.parts import Part, Source, prefixed
from graphexec.diffusion.loading.weights import WeightsFile, open_weights
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.models.adapter import adapter_layout
from graphexec.diffusion.models.controlnet import controlnet_layout

PREFIXES = ("control_model.", "")
STRANGERS: Mapping[str, str] = {
    "lora_controlnet": "a Control-LoRA",
    "task_embedding": "a ControlNet Union",
    "controlnet_mode_embedder.weight": "a ControlNet Union for Flux",
    "controlnet_blocks.0.weight": "a ControlNet for SD3 or Flux",
    "controlnet_cond_embedding.conv_in.weight_scale": "a quantized ControlNet",
}
SHUFFLE = re.compile(r".*_shuffle(_fp16)?")
"""Names of the models whose residuals are averaged; nothing in the files says so."""


def load_control(path: Path, pool: WeightsPool, placement: Placement = CPU) -> ControlNetHandle | AdapterHandle:
    """Return the ControlNet or T2I-Adapter in a file. Reads the header only. Raises BadModelFile when there is none."""
    file = open_weights(path)
    tensors = file.header.tensors
    stranger = next((who for mark, who in STRANGERS.items() if mark in tensors), None)
    if stranger:
        raise BadModelFile(path, f"looks like {stranger}, which is not supported")
    try:
        if part := _controlnet(file):
            averaged = SHUFFLE.fullmatch(path.stem) is not None
            return ControlNetHandle(part, controlnet_layout(part.shapes), pool, placement, averaged)
        if part := _adapter(file):
            return AdapterHandle(part, adapter_layout(part.shapes), pool, placement)
    except (KeyError, ValueError, IndexError) as error:
        raise BadModelFile(path, f"its ControlNet or adapter is of no known layout: {error}") from error
    raise BadModelFile(path, "holds neither a ControlNet nor a T2I-Adapter")


def _controlnet(file: WeightsFile) -> Part | None:
    tensors = file.header.tensors
    for prefix in PREFIXES:
        if f"{prefix}input_hint_block.0.weight" in tensors:
            return prefixed(file, "controlnet", prefix)
    if "controlnet_cond_embedding.conv_in.weight" in tensors:
        return Part(file, "controlnet", {ours: Source(name) for name, ours in controlnet_names(tensors).items()})
    return None


def _adapter(file: WeightsFile) -> Part | None:
    names = adapter_names(file.header.tensors)
    if not any(re.fullmatch(r"body\.0\.(body\.0\.)?block1\.weight", ours) for ours in names.values()):
        return None
    return Part(file, "adapter", {ours: Source(name) for name, ours in names.items()})
