"""Nodes that pick, repeat and regroup the items of batches."""

from __future__ import annotations

from collections.abc import Sequence

from graphexec.registry.authoring import Choice, Context, Image, Int, Latent, NodeTable, Output, Socket

NODES = NodeTable("image/batch")
SIZE = Int("batch_size", 1, min=1, max=4096)


@NODES.node(
    "ImageFromBatch",
    inputs=(Socket("image", "IMAGE"), Int("batch_index", 0, min=0, max=4095), Int("length", 1, min=1, max=4096)),
    outputs=(Output("IMAGE"),),
)
def image_from_batch(context: Context, image: Image, batch_index: int, length: int) -> tuple[Image]:
    """Pick neighbouring images out of a batch."""
    from graphexec.diffusion import image_batches

    return (image_batches.pick(image, batch_index, length),)


@NODES.node(
    "RepeatImageBatch",
    inputs=(Socket("image", "IMAGE"), Int("amount", 1, min=1, max=4096)),
    outputs=(Output("IMAGE"),),
)
def repeat_image_batch(context: Context, image: Image, amount: int) -> tuple[Image]:
    """Return the batch several times over."""
    return (image.repeat(amount, 1, 1, 1),)


@NODES.node(
    "RebatchImages",
    display_name="Rebatch Images",
    inputs=(Socket("images", "IMAGE"), SIZE),
    outputs=(Output("IMAGE", is_list=True),),
    input_is_list=True,
)
def rebatch_images(context: Context, images: Sequence[Image], batch_size: Sequence[int]) -> tuple[list[Image]]:
    """Regroup images into batches of a size, handed on one by one."""
    from graphexec.diffusion import image_batches

    return (image_batches.rebatch_images(images, batch_size[0]),)


@NODES.node(
    "RebatchLatents",
    display_name="Rebatch Latents",
    category="latent/batch",
    inputs=(Socket("latents", "LATENT"), SIZE),
    outputs=(Output("LATENT", is_list=True),),
    input_is_list=True,
)
def rebatch_latents(context: Context, latents: Sequence[Latent], batch_size: Sequence[int]) -> tuple[list[Latent]]:
    """Regroup latents into batches of a size, handed on one by one; each keeps its own noise."""
    from graphexec.diffusion import image_batches

    return (image_batches.rebatch_latents(latents, batch_size[0]),)


@NODES.node(
    "LatentBatchSeedBehavior",
    category="latent/advanced",
    inputs=(Socket("samples", "LATENT"), Choice("seed_behavior", ("random", "fixed"), "fixed")),
    outputs=(Output("LATENT"),),
)
def latent_batch_seed_behavior(context: Context, samples: Latent, seed_behavior: str) -> tuple[Latent]:
    """Choose whether the items of a batch get the same noise (`fixed`) or each their own (`random`)."""
    from graphexec.diffusion import image_batches

    return (image_batches.with_seed_behavior(samples, seed_behavior),)
