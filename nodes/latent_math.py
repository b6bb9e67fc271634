"""Nodes that calculate with latents."""

from __future__ import annotations

from graphexec.registry.authoring import Context, Float, Latent, NodeTable, Output, Socket

NODES = NodeTable("latent/advanced")
LATENT = (Output("LATENT"),)
PAIR = (Socket("samples1", "LATENT"), Socket("samples2", "LATENT"))


@NODES.node("LatentAdd", inputs=PAIR, outputs=LATENT)
def latent_add(context: Context, samples1: Latent, samples2: Latent) -> tuple[Latent]:
    """Add two latents."""
    from graphexec.diffusion import latents

    return (latents.add(samples1, samples2),)


@NODES.node("LatentSubtract", inputs=PAIR, outputs=LATENT)
def latent_subtract(context: Context, samples1: Latent, samples2: Latent) -> tuple[Latent]:
    """Subtract the second latent from the first."""
    from graphexec.diffusion import latents

    return (latents.subtract(samples1, samples2),)


@NODES.node(
    "LatentMultiply",
    inputs=(Socket("samples", "LATENT"), Float("multiplier", 1.0, min=-10.0, max=10.0, step=0.01)),
    outputs=LATENT,
)
def latent_multiply(context: Context, samples: Latent, multiplier: float) -> tuple[Latent]:
    """Scale a latent."""
    from graphexec.diffusion import latents

    return (latents.multiply(samples, multiplier),)


@NODES.node("LatentInterpolate", inputs=(*PAIR, Float("ratio", 1.0, min=0.0, max=1.0, step=0.01)), outputs=LATENT)
def latent_interpolate(context: Context, samples1: Latent, samples2: Latent, ratio: float) -> tuple[Latent]:
    """Interpolate directions and lengths separately: ratio 1 is the first."""
    from graphexec.diffusion import latents

    return (latents.interpolate(samples1, samples2, ratio),)


@NODES.node("LatentBatch", category="latent/batch", inputs=PAIR, outputs=LATENT)
def latent_batch(context: Context, samples1: Latent, samples2: Latent) -> tuple[Latent]:
    """Put two batches into one; the second is resized to the first's size."""
    from graphexec.diffusion import latents

    return (latents.concatenate(samples1, samples2),)
