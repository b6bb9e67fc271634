"""What is known before a run about each latent of a graph: empty, clean, or noisy down to a step of a stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from graphexec.graph.model import GraphNode
from graphexec.graph.stages import Stage

LatentKind: TypeAlias = Literal["empty", "clean", "noisy", "unknown"]


@dataclass(frozen=True, slots=True)
class LatentState:
    """A latent: zeros, without noise, or with noise left by `stage`. `stage` is the last to have worked on it."""

    kind: LatentKind
    stage: Stage | None = None


UNKNOWN = LatentState("unknown")
States: TypeAlias = Mapping[tuple[str, int], LatentState]

_PASSES = {
    "LatentFromBatch": "samples",
    "RepeatLatentBatch": "samples",
    "SetLatentNoiseMask": "samples",
    "LatentUpscale": "samples",
    "LatentUpscaleBy": "samples",
    "LatentFlip": "samples",
    "LatentRotate": "samples",
    "LatentCrop": "samples",
    "LatentBatchSeedBehavior": "samples",
    "RebatchLatents": "latents",
}
"""Nodes that hand a latent on with the noise it has, and the input they take it from."""

_JOINS = {
    "LatentComposite": ("samples_to", "samples_from"),
    "LatentCompositeMasked": ("destination", "source"),
    "LatentBatch": ("samples1", "samples2"),
}
"""Nodes that put two latents side by side."""

_SOURCES: dict[str, LatentKind] = {
    "EmptyLatentImage": "empty",
    "EmptySD3LatentImage": "empty",
    "VAEEncode": "clean",
    "VAEEncodeTiled": "clean",
    "VAEEncodeForInpaint": "clean",
}
"""Nodes whose latent does not depend on another. LoadLatent is not one: a saved latent may be noisy."""

LATENT_NODES = frozenset({*_PASSES, *_JOINS, *_SOURCES})


def incoming(node: GraphNode, input: str, states: States) -> LatentState:
    """Return the state of the latent that an input receives."""
    edge = node.links.get(input)
    return UNKNOWN if edge is None else states.get((edge.node, edge.slot), UNKNOWN)


def passed_on(node: GraphNode, states: States) -> LatentState:
    """Return the state of the latent that one of LATENT_NODES makes."""
    type = node.spec.type
    if type in _SOURCES:
        return LatentState(_SOURCES[type])
    if type in _PASSES:
        return incoming(node, _PASSES[type], states)
    first, second = (incoming(node, name, states) for name in _JOINS[type])
    if first == second or (first.kind == second.kind != "noisy"):
        return first
    same_level = first.kind == second.kind and _level(first) == _level(second)
    return first if same_level else UNKNOWN


def sampled(stage: Stage, before: LatentState) -> LatentState:
    """Return the state of a stage's result."""
    if stage.is_idle is None or stage.is_complete is None:
        return UNKNOWN
    if stage.is_idle:
        return before
    if stage.is_complete or stage.keeps_noise is False:
        return LatentState("clean", stage)
    return UNKNOWN if stage.keeps_noise is None else LatentState("noisy", stage)


def _level(state: LatentState) -> tuple[int | None, int | None, str | None] | None:
    """Return what says how much noise a stage has left."""
    stage = state.stage
    return None if stage is None else (stage.last, stage.steps, stage.scheduler)
