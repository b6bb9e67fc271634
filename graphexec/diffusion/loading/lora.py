"""LoRA files as weight patches of a model and its text encoders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from graphexec.diffusion.clip_handle import ClipHandle
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.lora_deltas import complete, delta, renormalised, split_name
from graphexec.diffusion.loading.lora_names import clip_aliases, model_aliases
from graphexec.diffusion.loading.lora_shapes import fits
from graphexec.diffusion.loading.weights import WeightsFile, open_weights
from graphexec.diffusion.model_handle import ModelHandle
from graphexec.diffusion.patches import patch_identity

PEFT_WRAPPER = "base_model.model."
TEXT = ("lora_te", "lycoris_te", "text_encoder")
"""How the names of text encoders' layers start."""


@dataclass(frozen=True)
class LoraPatch:
    """A `WeightPatch`: the changes in one file at one strength. `layers`: the file's pieces by layer of the model."""

    file: WeightsFile
    strength: float
    layers: Mapping[str, Mapping[str, str]] = field(compare=False, repr=False)

    @property
    def identity(self) -> str:
        """A digest of the file's content and the strength."""
        return patch_identity("lora", self.file.digest, self.strength)

    @cached_property
    def names(self) -> frozenset[str]:
        """The tensors it changes."""
        biases = {f"{layer}.bias" for layer, pieces in self.layers.items() if "diff_b" in pieces}
        return frozenset(
            {f"{layer}.weight" for layer, pieces in self.layers.items() if set(pieces) != {"diff_b"}} | biases
        )

    def apply(self, name: str, weight: Tensor) -> Tensor:
        """The weight with its change. DoRA's change is what it makes of the weight, less the weight."""
        layer, _, kind = name.rpartition(".")
        stored = self.file.read(self.layers[layer].values())
        pieces = {piece: stored[full].to(weight.device) for piece, full in self.layers[layer].items()}
        change = (pieces["diff_b"].float() if kind == "bias" else delta(pieces)).reshape(weight.shape)
        if "dora" in pieces and kind == "weight":
            change = renormalised(weight, change, pieces["dora"]) - weight
        return weight + self.strength * change


class Lora(NamedTuple):
    """What a LoRA file made of the handles, and the layers in it that fit none of those that were given."""

    model: ModelHandle | None
    clip: ClipHandle | None
    unmatched: tuple[str, ...]


def load_lora(
    path: Path,
    model: ModelHandle | None,
    clip: ClipHandle | None,
    strength_model: float = 1.0,
    strength_clip: float = 1.0,
) -> Lora:
    """Patch a diffusion model and its text encoders with a LoRA. Reads headers only; weights change when they load.

    A strength of 0 leaves its handle as it is. Raises BadModelFile when the file holds no LoRA.
    """
    file = open_weights(path)
    layers, strange = _layers(file)
    if not layers:
        raise BadModelFile(path, "holds no LoRA of a known layout")
    matched: set[str] = set()
    if model is not None:
        found = _fitting(file, layers, model_aliases(model), model.part.shapes)
        matched |= found.keys()
        if found and strength_model:
            model = model.with_patch(LoraPatch(file, strength_model, dict(found.values())))
    if clip is not None:
        shapes = {f"{e.role}.{name}": shape for e in clip.encoders for name, shape in e.part.shapes.items()}
        found = _fitting(file, layers, clip_aliases(clip), shapes)
        matched |= found.keys()
        if found and strength_clip:
            clip = clip.with_patch(LoraPatch(file, strength_clip, dict(found.values())))
    wanted = {name for name in (*strange, *layers) if (clip if name.startswith(TEXT) else model) is not None}
    return Lora(model, clip, tuple(sorted(wanted - matched)))


def _layers(file: WeightsFile) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The file's layers with the full names of their pieces, and the names of tensors that are no such pieces."""
    layers: defaultdict[str, dict[str, str]] = defaultdict(dict)
    strange = []
    for name in file.header.tensors:
        split = split_name(name)
        if split is None:
            strange.append(name)
        else:
            layers[split[0].removeprefix(PEFT_WRAPPER)][split[1]] = name
    incomplete = [layer for layer, pieces in layers.items() if not complete(pieces)]
    return {layer: pieces for layer, pieces in layers.items() if layer not in incomplete}, strange + incomplete


def _fitting(
    file: WeightsFile,
    layers: Mapping[str, Mapping[str, str]],
    aliases: Mapping[str, str],
    shapes: Mapping[str, tuple[int, ...]],
) -> dict[str, tuple[str, Mapping[str, str]]]:
    """The layers that the model has in the size the file wants: its own name for each, and the pieces."""
    found = {}
    for layer, pieces in layers.items():
        target = aliases.get(layer)
        if target is None:
            continue
        stored = {piece: file.header.tensors[name].shape for piece, name in pieces.items()}
        if fits(stored, shapes.get(f"{target}.weight"), shapes.get(f"{target}.bias")):
            found[layer] = (target, pieces)
    return found
