"""Merges: weights of one model mixed with those of another, tensor by tensor, when they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from graphexec.diffusion.clip_handle import ClipHandle
from graphexec.diffusion.loading.parts import Part
from graphexec.diffusion.model_handle import ModelHandle
from graphexec.diffusion.patches import Patch, WeightPatch, patch_identity
from graphexec.errors import NodeError

NOT_MERGED = ("position_ids", "logit_scale")
"""Endings of tensors that a merge of text encoders leaves alone."""


@dataclass(frozen=True)
class Merge:
    """A `WeightPatch`: w becomes own w + other w', both by name; w' is the other model's weight, patches included."""

    identity: str | None
    scope: str
    part: Part
    patches: tuple[Patch, ...]
    weights: tuple[tuple[str, float, float], ...]

    @cached_property
    def shares(self) -> Mapping[str, tuple[float, float]]:
        """The two factors of every tensor that changes."""
        return {self.scope + name: (own, other) for name, own, other in self.weights}

    @property
    def names(self) -> frozenset[str]:
        """The tensors it changes."""
        return frozenset(self.shares)

    def apply(self, name: str, weight: Tensor) -> Tensor:
        """own w + other w'."""
        own, other = self.shares[name]
        inner = name.removeprefix(self.scope)
        theirs = self.part.read([inner], torch.float32, weight.device)[inner]
        for patch in self.patches:
            if isinstance(patch, WeightPatch) and name in patch.names:
                theirs = patch.apply(name, theirs)
        return weight * own + theirs * other


Shares = Callable[[str], tuple[float, float]]
"""The factors of the first and the second model for a tensor's name."""


def merged_models(first: ModelHandle, second: ModelHandle, shares: Shares) -> ModelHandle:
    """The first diffusion model with the second's weights mixed in. Raises NodeError for different layouts."""
    _refuse_unlike(first.part, second.part)
    return first.with_patch(_merge("", first.part, second.part, second.patches, second.identity, shares))


def merged_clips(first: ClipHandle, second: ClipHandle, shares: Shares) -> ClipHandle:
    """The first text encoders with the second's weights mixed in. Raises NodeError for different layouts."""
    theirs = {encoder.role: encoder.part for encoder in second.encoders}
    if theirs.keys() != {encoder.role for encoder in first.encoders}:
        raise NodeError("the text encoders belong to different model families and cannot be merged")
    for encoder in first.encoders:
        _refuse_unlike(encoder.part, theirs[encoder.role])
    return first.with_patch(
        *(_merge(f"{e.role}.", e.part, theirs[e.role], second.patches, second.identity, shares) for e in first.encoders)
    )


def uniform(own: float, other: float) -> Shares:
    """The same factors for every tensor."""
    return lambda name: (own, other)


def by_block(ratios: Mapping[str, float]) -> Shares:
    """`ratio` of the first model and the rest of the second, by the longest of the prefixes that a name starts with.

    Names with none of the prefixes take the first ratio.
    """
    default = next(iter(ratios.values()))

    def shares(name: str) -> tuple[float, float]:
        prefix = max((p for p in ratios if name.startswith(p)), key=len, default=None)
        ratio = default if prefix is None else ratios[prefix]
        return ratio, 1.0 - ratio

    return shares


def _merge(
    scope: str, own: Part, other: Part, patches: tuple[Patch, ...], other_identity: str | None, shares: Shares
) -> Merge:
    names = sorted(name for name in own.sources if not name.endswith(NOT_MERGED))
    weights = tuple((name, *shares(name)) for name in names)
    known = (
        None if other_identity is None else patch_identity("merge", scope, other_identity, [list(w) for w in weights])
    )
    return Merge(known, scope, other, patches, weights)


def _refuse_unlike(one: Part, other: Part) -> None:
    if one.shapes != other.shapes:
        raise NodeError(f"{one.file.path.name} and {other.file.path.name} have different layouts and cannot be merged")
