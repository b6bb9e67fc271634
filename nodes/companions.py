"""Classes of companion packs that workflows hold for the editor's sake: they make, change and load nothing.

Written from what the packs' files show: cg-use-everywhere (chrisgoringe) and gcLatentTunnel (ntdviet/comfyui-ext).
"""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import Context, Int, Latent, NodeTable, Output, Socket, String

NODES = NodeTable("companions")

_CARRIED = ("MODEL", "CLIP", "VAE", "CONDITIONING", "LATENT", "IMAGE", "MASK", "STRING", "INT", "FLOAT", "anything")
_SENT = tuple(Socket(name, "*", required=False) for name in _CARRIED)
_PATTERNS = tuple(String(f"{what}_regex", ".*", required=False) for what in ("title", "input", "group"))


@NODES.node("Anything Everywhere", inputs=_SENT)
@NODES.node("Anything Everywhere3", inputs=_SENT)
@NODES.node("Anything Everywhere?", inputs=(*_PATTERNS, *_SENT))
@NODES.node("Prompts Everywhere", inputs=_SENT)
def anything_everywhere(context: Context, **sent: Any) -> tuple[()]:
    """Do nothing: the editor has written the links that these nodes stand for into the prompt."""
    return ()


@NODES.node(
    "Seed Everywhere",
    inputs=(Int("seed", 0, min=0, max=2**64 - 1, control_after_generate=True),),
    outputs=(Output("INT"),),
)
def seed_everywhere(context: Context, seed: int) -> tuple[int]:
    """Give the seed to the nodes that the editor has linked to it."""
    return (seed,)


@NODES.node(
    "gcLatentTunnel",
    display_name="LatentGarbageCollector",
    inputs=(Socket("samples", "LATENT"),),
    outputs=(Output("LATENT"),),
)
def latent_tunnel(context: Context, samples: Latent) -> tuple[Latent]:
    """Pass a latent on unchanged."""
    return (samples,)
