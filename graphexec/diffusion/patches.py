"""Patches: what a handle adds to its file. Each is a value that knows its identity; none changes shared weights."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from graphexec.diffusion.models.hooks import UNetHooks
from graphexec.diffusion.parameterization import Parameterization
from graphexec.diffusion.schedules import Schedule
from graphexec.hashing import Plain, digest


@runtime_checkable
class Patch(Protocol):
    """A change to a model. Patches are hashable; equal patches do the same."""

    @property
    def identity(self) -> str | None:
        """A digest of what the patch does, or None when it has none (a closure of a node pack)."""


def patch_identity(kind: str, *settings: Plain) -> str:
    """The identity of a patch that is told entirely by its kind and settings."""
    return digest("patch", [kind, list(settings)])


@runtime_checkable
class WeightPatch(Patch, Protocol):
    """A change of weights, such as a LoRA or a merge. Applied when the weights are loaded, to copies."""

    @property
    def names(self) -> Set[str]:
        """The tensors it changes, by their names inside the model."""

    def apply(self, name: str, weight: Tensor) -> Tensor:
        """Return the changed tensor; `weight` is float32 and not to be written to."""


@dataclass(frozen=True, slots=True)
class HookPatch:
    """Hooks in the forward pass of a UNet."""

    identity: str | None
    hooks: UNetHooks


@dataclass(frozen=True, slots=True)
class SamplingPatch:
    """Another noise schedule and parameterization than the family's."""

    identity: str | None
    schedule: Schedule
    parameterization: Parameterization
