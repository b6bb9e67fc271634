"""Nodes that make latents and pick from batches of them."""

from __future__ import annotations

from graphexec.registry.authoring import Context, Int, Latent, Mask, NodeTable, Output, Socket

NODES = NodeTable("latent")


@NODES.node(
    "EmptyLatentImage",
    display_name="Empty Latent Image",
    inputs=(
        Int("width", 512, min=16, max=16384, step=8),
        Int("height", 512, min=16, max=16384, step=8),
        Int("batch_size", 1, min=1, max=4096),
    ),
    outputs=(Output("LATENT"),),
)
def empty_latent_image(context: Context, width: int, height: int, batch_size: int = 1) -> tuple[Latent]:
    """Make a latent of zeros; sizes are in pixels, an eighth of which (rounded down) is the latent's."""
    from graphexec.diffusion import latents

    return (latents.empty(width, height, batch_size),)


@NODES.node(
    "LatentFromBatch",
    display_name="Latent From Batch",
    category="latent/batch",
    inputs=(Socket("samples", "LATENT"), Int("batch_index", 0, min=0, max=63), Int("length", 1, min=1, max=64)),
    outputs=(Output("LATENT"),),
)
def latent_from_batch(context: Context, samples: Latent, batch_index: int, length: int) -> tuple[Latent]:
    """Pick `length` items from a batch; they keep their place in the noise."""
    from graphexec.diffusion import latents

    return (latents.from_batch(samples, batch_index, length),)


@NODES.node(
    "RepeatLatentBatch",
    display_name="Repeat Latent Batch",
    category="latent/batch",
    inputs=(Socket("samples", "LATENT"), Int("amount", 1, min=1, max=64)),
    outputs=(Output("LATENT"),),
)
def repeat_latent_batch(context: Context, samples: Latent, amount: int) -> tuple[Latent]:
    """Repeat a batch; the copies get noise of their own."""
    from graphexec.diffusion import latents

    return (latents.repeat(samples, amount),)


@NODES.node(
    "SetLatentNoiseMask",
    display_name="Set Latent Noise Mask",
    category="latent/inpaint",
    inputs=(Socket("samples", "LATENT"), Socket("mask", "MASK")),
    outputs=(Output("LATENT"),),
)
def set_latent_noise_mask(context: Context, samples: Latent, mask: Mask) -> tuple[Latent]:
    """Let sampling change only what the mask selects."""
    from graphexec.diffusion import latents

    return (latents.with_noise_mask(samples, mask),)
