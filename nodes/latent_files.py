"""Nodes that read and write latents."""

from __future__ import annotations

from graphexec.registry.authoring import (
    Artifact,
    Context,
    File,
    Latent,
    NodeTable,
    Outcome,
    Output,
    Socket,
    String,
)

NODES = NodeTable("_for_testing")
METADATA = (("prompt", "PROMPT"), ("extra_pnginfo", "EXTRA_PNGINFO"))


@NODES.node("LoadLatent", inputs=(File("latent", "input"),), outputs=(Output("LATENT"),))
def load_latent(context: Context, latent: str) -> tuple[Latent]:
    """Read a latent that SaveLatent wrote."""
    from graphexec.diffusion import latent_files

    return (latent_files.load(context.files.input(latent)),)


@NODES.node(
    "SaveLatent",
    inputs=(Socket("samples", "LATENT"), String("filename_prefix", "latents/ComfyUI")),
    hidden=METADATA,
    output_node=True,
)
def save_latent(context: Context, samples: Latent, filename_prefix: str) -> Outcome:
    """Write a latent as `<prefix>_00001_.latent` (safetensors); noise mask and batch indices are not kept."""
    from graphexec.diffusion import latent_files

    content = latent_files.dump(samples)
    artifact = Artifact("application/x-safetensors", content, filename_prefix, ".latent", ui_key="latents")
    return Outcome(artifacts=(artifact,))
