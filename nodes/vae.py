"""Nodes that go between pixels and latents."""

from __future__ import annotations

from typing import Any

from graphexec.registry.authoring import Context, Image, Int, Latent, Mask, NodeTable, Output, Socket

NODES = NodeTable("latent")


@NODES.node(
    "VAEDecode",
    display_name="VAE Decode",
    inputs=(Socket("samples", "LATENT"), Socket("vae", "VAE")),
    outputs=(Output("IMAGE"),),
)
def vae_decode(context: Context, samples: Latent, vae: Any) -> tuple[Image]:
    """Decode a latent into images."""
    return (vae.decode(samples["samples"]),)


@NODES.node(
    "VAEEncode",
    display_name="VAE Encode",
    inputs=(Socket("pixels", "IMAGE"), Socket("vae", "VAE")),
    outputs=(Output("LATENT"),),
)
def vae_encode(context: Context, pixels: Image, vae: Any) -> tuple[Latent]:
    """Encode images into a latent (the mode of the posterior); sizes are cropped to multiples of 8."""
    return ({"samples": vae.encode(pixels)},)


@NODES.node(
    "VAEDecodeTiled",
    display_name="VAE Decode (Tiled)",
    category="_for_testing",
    inputs=(
        Socket("samples", "LATENT"),
        Socket("vae", "VAE"),
        Int("tile_size", 512, min=64, max=4096, step=32),
        Int("overlap", 64, min=0, max=4096, step=32),
        Int("temporal_size", 64, min=8, max=4096, step=4),
        Int("temporal_overlap", 8, min=4, max=4096, step=4),
    ),
    outputs=(Output("IMAGE"),),
)
def vae_decode_tiled(
    context: Context, samples: Latent, vae: Any, tile_size: int, overlap: int = 64, **temporal: int
) -> tuple[Image]:
    """Decode in overlapping tiles, for less memory; the temporal settings matter to video models only."""
    scale = vae.downscale
    return (vae.decode_tiled(samples["samples"], tile_size // scale, min(overlap, tile_size // 4) // scale),)


@NODES.node(
    "VAEEncodeTiled",
    display_name="VAE Encode (Tiled)",
    category="_for_testing",
    inputs=(
        Socket("pixels", "IMAGE"),
        Socket("vae", "VAE"),
        Int("tile_size", 512, min=64, max=4096, step=64),
        Int("overlap", 64, min=0, max=4096, step=32),
        Int("temporal_size", 64, min=8, max=4096, step=4),
        Int("temporal_overlap", 8, min=4, max=4096, step=4),
    ),
    outputs=(Output("LATENT"),),
)
def vae_encode_tiled(
    context: Context, pixels: Image, vae: Any, tile_size: int, overlap: int = 64, **temporal: int
) -> tuple[Latent]:
    """Encode in overlapping tiles, for less memory; the temporal settings matter to video models only."""
    return ({"samples": vae.encode_tiled(pixels, tile_size, overlap)},)


@NODES.node(
    "VAEEncodeForInpaint",
    display_name="VAE Encode (for Inpainting)",
    category="latent/inpaint",
    inputs=(
        Socket("pixels", "IMAGE"),
        Socket("vae", "VAE"),
        Socket("mask", "MASK"),
        Int("grow_mask_by", 6, min=0, max=64, step=1),
    ),
    outputs=(Output("LATENT"),),
)
def vae_encode_for_inpaint(context: Context, pixels: Image, vae: Any, mask: Mask, grow_mask_by: int) -> tuple[Latent]:
    """Encode images with the masked part made grey, and let sampling change the mask grown by some pixels."""
    from graphexec.diffusion import masks

    erased, noise_mask = masks.prepare_inpaint(pixels, mask, grow_mask_by)
    return ({"samples": vae.encode(erased), "noise_mask": noise_mask},)
