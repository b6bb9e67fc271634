"""Checkpoints of samplers as plain data, and as safetensors files that outlive the process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safetensors import SafetensorError
from torch import Tensor

from graphexec.diffusion import codecs, tensor_files
from graphexec.diffusion.drive import Checkpoint
from graphexec.diffusion.samplers.base import State


def content(checkpoint: Checkpoint) -> dict[str, Any]:
    """A checkpoint as numbers and tensors by name, the tensors on the CPU and with their order in memory."""
    state = checkpoint.state
    return {
        "step": checkpoint.step,
        "draws": checkpoint.draws,
        "x": state.x.cpu(),
        "denoised": None if state.denoised is None else state.denoised.cpu(),
        "memory": {name: value.cpu() if isinstance(value, Tensor) else value for name, value in state.memory.items()},
    }


def restored(content: Mapping[str, Any], like: Tensor) -> Checkpoint:
    """The checkpoint of such data; tensors of the shape of `like`, a run's latent, go to its device.

    Raises ValueError for the checkpoint of another latent.
    """

    def placed(value: Any) -> Any:
        return value.to(like.device) if isinstance(value, Tensor) and value.shape == like.shape else value

    x = placed(content["x"])
    if x.shape != like.shape or x.dtype != like.dtype:
        raise ValueError("a checkpoint of another latent")
    memory = {name: placed(value) for name, value in content["memory"].items()}
    state = State(x).next(x, placed(content["denoised"]), **memory)
    return Checkpoint(content["step"], state, content["draws"])


def dump(checkpoint: Checkpoint, key: str) -> bytes:
    """A checkpoint as a file; `key` is what it was made for."""
    data = content(checkpoint)
    return tensor_files.encode({"digest": codecs.digest([key, data]), "checkpoint": data}, lambda _: None)


def parse(data: bytes, key: str, like: Tensor) -> Checkpoint | None:
    """The checkpoint in a file, or None when it was made for another key or latent, or is damaged."""
    try:
        file = tensor_files.decode(data, lambda kind, _: kind)
        if codecs.digest([key, file["checkpoint"]]) != file["digest"]:
            return None
        return restored(file["checkpoint"], like)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, IndexError, RuntimeError):
        return None
