"""The built-in nodes. `TABLE_MODULES` lists the modules; each holds a `NODES` table (`registry.authoring`)."""

TABLE_MODULES: tuple[str, ...] = (
    "nodes.loaders",
    "nodes.savers",
    "nodes.lora",
    "nodes.controlnet",
    "nodes.text",
    "nodes.conditioning",
    "nodes.latent",
    "nodes.latent_transform",
    "nodes.latent_math",
    "nodes.latent_files",
    "nodes.model_sampling",
    "nodes.model_patches",
    "nodes.merging",
    "nodes.sampling",
    "nodes.custom_sampling",
    "nodes.samplers",
    "nodes.sigmas",
    "nodes.sigma_edits",
    "nodes.vae",
    "nodes.image",
    "nodes.image_batch",
    "nodes.image_transform",
    "nodes.upscale_models",
    "nodes.mask",
    "nodes.image_files",
    "nodes.animation",
    "nodes.primitive",
    "nodes.string",
    "nodes.regex",
    "nodes.companions",
)

PLAIN_MODULES: frozenset[str] = frozenset({"nodes.primitive", "nodes.string", "nodes.regex", "nodes.companions"})
"""Those of the modules whose nodes work on plain values and never import torch."""
