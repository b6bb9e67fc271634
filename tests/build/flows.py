"""A workflow that several tests build."""

from graphexec.build import Workflow
from graphexec.build import nodes as n


def circle(text="a red circle", **fields):
    """Text to image in seven nodes."""
    with Workflow(**fields) as wf:
        base = n.CheckpointLoaderSimple(ckpt_name="tiny.safetensors")
        latent = n.KSampler(
            model=base.MODEL,
            seed=wf.param("seed", 0),
            steps=wf.param("steps", 2, min=1, max=50),
            cfg=2.0,
            sampler_name="euler",
            scheduler="normal",
            positive=n.CLIPTextEncode(text=text, clip=base.CLIP),
            negative=n.CLIPTextEncode(text="", clip=base.CLIP),
            latent_image=n.EmptyLatentImage(width=64, height=64),
        )
        n.SaveImage(images=n.VAEDecode(samples=latent, vae=base.VAE), filename_prefix="circle")
    return wf
