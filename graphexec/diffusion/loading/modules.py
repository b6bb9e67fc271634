"""Modules with their weights: built empty, filled from the pool, patched weights laid over the shared ones."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import torch
from torch import Tensor, nn

from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.parts import Finish, Part
from graphexec.diffusion.memory import WeightsPool, give_back, tensor_bytes
from graphexec.diffusion.models import packing
from graphexec.diffusion.patches import Patch, WeightPatch

M = TypeVar("M", bound=nn.Module)


def load_module(
    part: Part,
    build: Callable[[], M],
    pool: WeightsPool,
    dtype: torch.dtype,
    device: torch.device,
    patches: tuple[Patch, ...] = (),
    scope: str = "",
    plain: bool = False,
) -> M:
    """Return the module of a part with its weights, from the pool if it is there.

    Modules that differ in patches share every tensor that the patches leave alone. `build` makes the module; it runs
    where parameters take no memory. Patches name the part's tensors with `scope` in front. `plain` weights are not
    packed for the device; a pool has modules of one kind only.
    """
    changes = tuple(patch for patch in patches if isinstance(patch, WeightPatch))
    key: Hashable = ("module", part, dtype, device, changes, scope)

    def fill() -> tuple[M, int]:
        with torch.device("meta"):
            module = build()
        shapes = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
        refuse_misfits(part, shapes)
        form = packing.as_it_is if plain else packing.packer(module, dtype, device)
        shared = shared_weights(part, list(shapes), pool, dtype, device, form)
        own = patched_weights(part, shared, changes, dtype, scope, form)
        module.load_state_dict({**shared, **own}, assign=True)
        give_back()
        return module.eval().requires_grad_(False), tensor_bytes(own.values())

    return pool.get(key, fill, lambda filled: filled[1])[0]


def refuse_misfits(part: Part, shapes: dict[str, tuple[int, ...]]) -> None:
    """Raise BadModelFile when the part lacks a tensor of these, or has one of another shape."""
    for name, shape in shapes.items():
        if name not in part.sources:
            raise BadModelFile(part.file.path, f"its {part.kind} lacks the tensor {name}")
        if part.shapes[name] != shape:
            raise BadModelFile(part.file.path, f"{name} has the shape {part.shapes[name]}, expected {shape}")


def shared_weights(
    part: Part, names: list[str], pool: WeightsPool, dtype: torch.dtype, device: torch.device, form: Finish
) -> dict[str, Tensor]:
    """The part's unpatched tensors in the form they are computed with, one set for all users. Not to be written to."""
    key: Hashable = ("weights", part, dtype, device)
    return pool.get(key, lambda: part.read(names, dtype, device, form), lambda tensors: tensor_bytes(tensors.values()))


def patched_weights(
    part: Part,
    shared: dict[str, Tensor],
    changes: tuple[WeightPatch, ...],
    dtype: torch.dtype,
    scope: str,
    form: Finish,
) -> dict[str, Tensor]:
    """The tensors that weight patches change, applied in order in float32. Packed ones are read from the file again."""
    own: dict[str, Tensor] = {}
    for name, tensor in shared.items():
        applied = [change for change in changes if scope + name in change.names]
        if not applied:
            continue
        weight = part.read([name], dtype, tensor.device)[name] if tensor.is_mkldnn else tensor
        for change in applied:
            weight = change.apply(scope + name, weight.float())
        own |= form(name, part.convert(weight, dtype))
    return own
