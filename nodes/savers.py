"""Nodes that write models to files, patches and merges applied."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from graphexec.registry.authoring import Artifact, Context, NodeError, NodeTable, Outcome, Socket, String

NODES = NodeTable("advanced/model_merging")
METADATA = (("prompt", "PROMPT"), ("extra_pnginfo", "EXTRA_PNGINFO"))
MODEL, CLIP, VAE = Socket("model", "MODEL"), Socket("clip", "CLIP"), Socket("vae", "VAE")


@NODES.node(
    "CheckpointSave",
    display_name="Save Checkpoint",
    inputs=(MODEL, CLIP, VAE, String("filename_prefix", "checkpoints/ComfyUI")),
    hidden=METADATA,
    output_node=True,
    handle=True,
)
def checkpoint_save(context: Context, model: Any, clip: Any, vae: Any, filename_prefix: str) -> Outcome:
    """Write diffusion model, text encoders and VAE into one file."""
    from graphexec.diffusion.loading.saving import checkpoint_bytes

    return Outcome(artifacts=(_file(partial(checkpoint_bytes, model, clip, _stored(vae)), filename_prefix),))


@NODES.node(
    "ModelSave",
    inputs=(MODEL, String("filename_prefix", "diffusion_models/ComfyUI")),
    hidden=METADATA,
    output_node=True,
    handle=True,
)
def model_save(context: Context, model: Any, filename_prefix: str) -> Outcome:
    """Write a diffusion model into a file of its own."""
    from graphexec.diffusion.loading.saving import model_bytes

    return Outcome(artifacts=(_file(partial(model_bytes, model), filename_prefix),))


@NODES.node(
    "CLIPSave",
    inputs=(CLIP, String("filename_prefix", "clip/ComfyUI")),
    hidden=METADATA,
    output_node=True,
    handle=True,
)
def clip_save(context: Context, clip: Any, filename_prefix: str) -> Outcome:
    """Write every text encoder into a file of its own, named `<prefix>_clip_l` and the like."""
    from graphexec.diffusion.loading.saving import clip_bytes

    def content(role: str) -> bytes:
        return clip_bytes(clip)[role]

    roles = [encoder.role for encoder in clip.encoders]
    return Outcome(artifacts=tuple(_file(partial(content, role), f"{filename_prefix}_clip_{role}") for role in roles))


@NODES.node(
    "VAESave",
    inputs=(VAE, String("filename_prefix", "vae/ComfyUI_vae")),
    hidden=METADATA,
    output_node=True,
    handle=True,
)
def vae_save(context: Context, vae: Any, filename_prefix: str) -> Outcome:
    """Write a VAE into a file of its own."""
    from graphexec.diffusion.loading.saving import vae_bytes

    return Outcome(artifacts=(_file(partial(vae_bytes, _stored(vae)), filename_prefix),))


def _stored(vae: Any) -> Any:
    """The VAE, if it has weights that can be saved."""
    from graphexec.diffusion.vae_handle import VaeHandle

    if not isinstance(vae, VaeHandle):
        raise NodeError("this VAE has no weights of the usual layout, so it cannot be saved")
    return vae


def _file(make: Callable[[], bytes], prefix: str) -> Artifact:
    from graphexec.diffusion.loading.saved_files import SavedFile

    return Artifact("application/x-safetensors", SavedFile(make), prefix, ".safetensors", ui_key="models")
