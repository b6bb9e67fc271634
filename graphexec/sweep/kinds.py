"""What kind of work a node is: a load, an encode, the steps of a sampler, a decode, or something else."""

from __future__ import annotations

from typing import Literal, TypeAlias

from graphexec.graph.model import Graph, GraphNode
from graphexec.graph.stages import SAMPLERS, Stage

Kind: TypeAlias = Literal["load", "encode", "sample", "decode", "other"]
KINDS: tuple[Kind, ...] = ("load", "encode", "sample", "decode", "other")
"""In the order of a typical workflow: what comes first is shared by most."""

_WEIGHTS = frozenset({"MODEL", "CLIP", "VAE", "CONTROL_NET", "CLIP_VISION", "STYLE_MODEL", "UPSCALE_MODEL"})


def kind_of(node: GraphNode) -> Kind:
    """Return the kind of a node, as the types of its sockets tell it."""
    takes = {declared.type for declared in node.spec.inputs}
    gives = {output.type for output in node.spec.outputs}
    if gives & _WEIGHTS and any(i.folder not in (None, "input") for i in node.spec.inputs):
        return "load"
    if "LATENT" in gives and (node.spec.type in SAMPLERS or takes >= {"SIGMAS", "LATENT"}):
        return "sample"
    if ("CLIP" in takes and "CONDITIONING" in gives) or ("VAE" in takes and "LATENT" in gives):
        return "encode"
    if "VAE" in takes and "IMAGE" in gives:
        return "decode"
    return "other"


def steps_of(node: GraphNode, graph: Graph) -> int | None:
    """Return how many steps a sampler takes as its literals say, or None when they do not."""
    if node.spec.type in SAMPLERS:
        stage = Stage.of(node)
        return None if stage.start is None or stage.last is None else max(stage.last - stage.start, 0)
    edge = node.links.get("sigmas")
    if edge is None:
        return None
    source = graph.nodes[edge.node]
    steps = source.params.get("steps")
    return steps if isinstance(steps, int) and not source.links.keys() & {"steps", "sigmas"} else None
