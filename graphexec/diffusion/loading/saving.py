"""Models as the bytes of safetensors files in the native single-file layout, patches applied."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from safetensors.torch import save
from torch import Tensor

from graphexec.diffusion.clip_handle import ClipHandle
from graphexec.diffusion.loading.parts import Part
from graphexec.diffusion.loading.text_parts import OPENCLIP_LAYER, OPENCLIP_PLAIN
from graphexec.diffusion.model_handle import ModelHandle
from graphexec.diffusion.patches import Patch, WeightPatch
from graphexec.diffusion.vae_handle import VaeHandle

UNET, AUTOENCODER = "model.diffusion_model.", "first_stage_model."
TEXT = {
    ("l",): {"l": "cond_stage_model.transformer."},
    ("h",): {"h": "cond_stage_model.model."},
    ("l", "g"): {"l": "conditioner.embedders.0.transformer.", "g": "conditioner.embedders.1.model."},
    ("g",): {"g": "conditioner.embedders.0.model."},
}
"""Where the text encoders of a family stand in its checkpoints, by their roles."""


def checkpoint_bytes(model: ModelHandle, clip: ClipHandle, vae: VaeHandle) -> bytes:
    """A whole checkpoint. Weights have the element types of the files they come from."""
    prefixes = TEXT[tuple(encoder.role for encoder in clip.encoders)]
    tensors = {UNET + name: tensor for name, tensor in patched(model.part, model.patches).items()}
    tensors |= markers(model)
    for encoder in clip.encoders:
        weights = patched(encoder.part, clip.patches, f"{encoder.role}.")
        native = weights if encoder.role == "l" else openclip(weights)
        tensors |= {prefixes[encoder.role] + name: tensor for name, tensor in native.items()}
    tensors |= {AUTOENCODER + name: tensor for name, tensor in patched(vae.part, vae.patches).items()}
    return written(tensors)


def model_bytes(model: ModelHandle) -> bytes:
    """A diffusion model alone."""
    named = {UNET + name: tensor for name, tensor in patched(model.part, model.patches).items()}
    return written({**named, **markers(model)})


def clip_bytes(clip: ClipHandle) -> dict[str, bytes]:
    """Text encoders, a file each in the layout of transformers, by their roles."""
    return {e.role: written(patched(e.part, clip.patches, f"{e.role}.")) for e in clip.encoders}


def vae_bytes(vae: VaeHandle) -> bytes:
    """An autoencoder alone."""
    return written(patched(vae.part, vae.patches))


def markers(model: ModelHandle) -> dict[str, Tensor]:
    """The empty tensors by which SDXL checkpoints say that they predict v, and end in pure noise."""
    family, found = model.family, {}
    if family.name == "sdxl" and family.edm:
        low, high = family.edm
        found = {"edm_vpred.sigma_min": torch.tensor(low), "edm_vpred.sigma_max": torch.tensor(high)}
    elif family.name == "sdxl" and family.prediction == "v":
        found = {"v_pred": torch.zeros(0)} | ({"ztsnr": torch.zeros(0)} if family.zero_snr else {})
    return found


def patched(part: Part, patches: tuple[Patch, ...], scope: str = "") -> dict[str, Tensor]:
    """A part's tensors by the module's names, in the element types of its file, with weight patches applied."""
    changes = [patch for patch in patches if isinstance(patch, WeightPatch)]
    stored = part.file.read(dict.fromkeys(source.name for source in part.sources.values()))
    tensors = {name: source.view(stored[source.name]) for name, source in part.sources.items()}
    for name, tensor in tensors.items():
        mine = [change for change in changes if scope + name in change.names]
        if mine:
            weight = part.convert(tensor, torch.float32)
            for change in mine:
                weight = change.apply(scope + name, weight)
            tensors[name] = weight.to(tensor.dtype)
    return tensors


def openclip(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a text encoder in OpenCLIP's layout: query, key and value in one, the projection transposed."""
    plain = {ours: theirs for theirs, ours in OPENCLIP_PLAIN.items()}
    layers = {ours: theirs for theirs, ours in OPENCLIP_LAYER.items()}
    packed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name in plain:
            packed[plain[name]] = tensor
        elif name == "text_projection.weight":
            packed["text_projection"] = tensor.T
        elif m := re.fullmatch(r"text_model\.encoder\.layers\.(\d+)\.(.+)\.(weight|bias)", name):
            block, layer, ending = f"transformer.resblocks.{m[1]}", m[2], m[3]
            if layer in layers:
                packed[f"{block}.{layers[layer]}.{ending}"] = tensor
            elif layer == "self_attn.q_proj":
                rest = (tensors[name.replace("q_proj", f"{other}_proj")] for other in "kv")
                packed[f"{block}.attn.in_proj_{ending}"] = torch.cat([tensor, *rest])
    return packed


def written(tensors: Mapping[str, Tensor]) -> bytes:
    """The bytes of a safetensors file; tensors that share memory are written out apart."""
    return save({name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()})
