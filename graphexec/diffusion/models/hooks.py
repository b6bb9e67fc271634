"""The places where patches reach into a UNet's forward pass. A UNet without hooks takes none of these paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias

from torch import Tensor

Place: TypeAlias = Literal["input", "middle", "output"]


@dataclass(frozen=True, slots=True)
class Site:
    """Where in the UNet a hook is called.

    `block` counts within its place; `transformer` counts transformer blocks within the block, `depth` over the whole
    network in order of execution. `height` and `width` are those of the feature map, `latent_size` those of the latent;
    `options` come from `Inputs`.
    """

    place: Place
    block: int
    transformer: int = 0
    depth: int = 0
    height: int = 0
    width: int = 0
    heads: int = 0
    latent_size: tuple[int, int] = (0, 0)
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class AttentionInput(Protocol):
    """Changes what an attention layer reads: tokens for q, k and v, each `(B, T, D)`."""

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, site: Site) -> tuple[Tensor, Tensor, Tensor]: ...


class AttentionOutput(Protocol):
    """Changes what an attention layer adds to the tokens, `(B, T, D)`."""

    def __call__(self, out: Tensor, site: Site) -> Tensor: ...


class AttentionKernel(Protocol):
    """Takes the place of softmax attention: projected q, k and v `(B, T, D)` to `(B, T, D)`; None leaves it."""

    def __call__(self, q: Tensor, k: Tensor, v: Tensor, site: Site) -> Tensor | None: ...


class Features(Protocol):
    """Changes a feature map `(B, C, h, w)`."""

    def __call__(self, h: Tensor, site: Site) -> Tensor: ...


class SkipMerge(Protocol):
    """Changes a feature map and the skip connection that is about to be appended to it."""

    def __call__(self, h: Tensor, skip: Tensor, site: Site) -> tuple[Tensor, Tensor]: ...


@dataclass(frozen=True, slots=True)
class UNetHooks:
    """The hooks of one patched UNet, each called in order."""

    self_input: tuple[AttentionInput, ...] = ()
    self_kernel: tuple[AttentionKernel, ...] = ()
    self_output: tuple[AttentionOutput, ...] = ()
    cross_input: tuple[AttentionInput, ...] = ()
    cross_kernel: tuple[AttentionKernel, ...] = ()
    cross_output: tuple[AttentionOutput, ...] = ()
    input_block: tuple[Features, ...] = ()
    input_block_after_skip: tuple[Features, ...] = ()
    middle_block: tuple[Features, ...] = ()
    output_block: tuple[SkipMerge, ...] = ()

    def __add__(self, other: UNetHooks) -> UNetHooks:
        """Both sets of hooks, these first."""
        return UNetHooks(*(getattr(self, name) + getattr(other, name) for name in UNetHooks.__slots__))


NO_HOOKS = UNetHooks()
