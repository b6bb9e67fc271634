"""Checkpoints of samplers as safetensors: one run's state between two steps, in bytes.

A number of the state is kept in the metadata, with the order in memory of tensors that are not laid out in the order
of their dimensions: sums over a tensor may depend on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from graphexec.diffusion.drive import Checkpoint
from graphexec.diffusion.samplers.base import State
from graphexec.hashing import Plain, digest

MEMORY = "memory."


def dump(checkpoint: Checkpoint, key: str) -> bytes:
    """A checkpoint as a file; `key` is what it was made for."""
    state = checkpoint.state
    tensors = {"x": state.x} | ({} if state.denoised is None else {"denoised": state.denoised})
    tensors |= {MEMORY + name: value for name, value in state.memory.items() if isinstance(value, Tensor)}
    description = {
        "key": key,
        "step": checkpoint.step,
        "draws": checkpoint.draws,
        "numbers": {name: value for name, value in state.memory.items() if not isinstance(value, Tensor)},
        "strides": {name: tensor.stride() for name, tensor in tensors.items() if is_permuted(tensor)},
    }
    # Copies: a file may not hold one tensor under two names.
    dense = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()
    }
    text = json.dumps(description)
    return save(dense, {"graphexec": text, "digest": file_digest(text, dense)})


def parse(data: bytes, key: str, like: Tensor) -> Checkpoint | None:
    """The checkpoint in a file, or None when it was made for another key or is damaged.

    Tensors of the shape of `like`, the latent of the run, go to its device.
    """
    try:
        dense = load(data)
        length = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + length])["__metadata__"]
        description = json.loads(metadata["graphexec"])
        if description["key"] != key or metadata["digest"] != file_digest(metadata["graphexec"], dense):
            return None
        return _checkpoint(dense, description, like)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RuntimeError):
        return None


def _checkpoint(dense: Mapping[str, Tensor], description: Mapping[str, Any], like: Tensor) -> Checkpoint | None:
    if dense["x"].shape != like.shape or dense["x"].dtype != like.dtype:
        return None
    strides = description["strides"]
    tensors = {name: placed(tensor, strides.get(name), like) for name, tensor in dense.items()}
    memory = {name.removeprefix(MEMORY): value for name, value in tensors.items() if name.startswith(MEMORY)}
    state = State(tensors["x"]).next(tensors["x"], tensors.get("denoised"), **memory, **description["numbers"])
    return Checkpoint(int(description["step"]), state, int(description["draws"]))


def is_permuted(tensor: Tensor) -> bool:
    """Whether a tensor fills its memory, but in another order than that of its dimensions."""
    expected = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size > 1:
            if stride != expected:
                return False
            expected *= size
    return not tensor.is_contiguous()


def placed(tensor: Tensor, strides: list[int] | None, like: Tensor) -> Tensor:
    """A tensor in its order in memory, and on the device of `like` where it is of its shape."""
    if strides is not None:
        tensor = torch.empty_strided(tensor.shape, strides, dtype=tensor.dtype).copy_(tensor)
    return tensor.to(like.device) if tensor.shape == like.shape else tensor


def file_digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    """The digest of everything that a file holds."""
    contents: list[Plain] = [[name, _bits(tensors[name])] for name in sorted(tensors)]
    return digest("checkpoint file", [text, contents])


def _bits(tensor: Tensor) -> bytes:
    content: bytes = tensor.reshape(-1).view(torch.uint8).numpy().tobytes()
    return content
