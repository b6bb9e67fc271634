"""Mistakes that type checkers must find: each line that ends in `# error` is one, and no other line is."""

from typing import Literal

import graphexec
from graphexec.build import Handle, Workflow
from graphexec.build import nodes as n
from graphexec.execute.events import Event
from graphexec.types import Image


@graphexec.node
def Brightness(image: Image, factor: float = 1.0) -> Image:
    return image * factor


wf = Workflow()
base = n.CheckpointLoaderSimple(ckpt_name="a.safetensors")
latent = n.EmptyLatentImage(width=64, height=64)
positive = n.CLIPTextEncode(text="a", clip=base.CLIP)
image = n.VAEDecode(samples=latent, vae=base.VAE)

n.CLIPTextEncode(text="a", clip=base.MODEL)  # error
n.CLIPTextEncode(text=1, clip=base.CLIP)  # error
n.CLIPTextEncode(text="a", clip="CLIP")  # error
n.CLIPTextEncode(text="a")  # error
n.CLIPTextEncode("a", base.CLIP)  # error
n.CLIPTextEncode(text="a", clip=base)  # error
n.CLIPTextEncode(text=positive, clip=base.CLIP)  # error
n.CLIPTextEncodde(text="a", clip=base.CLIP)  # error
n.EmptyLatentImage(width=64.5, height=64)  # error
n.EmptyLatentImage(width=64, height=64, bach_size=2)  # error
n.EmptyLatentImage(width=wf.param("size", "64"))  # error
n.EmptyLatentImage(width=wf.param("scale", 1.5))  # error
n.KSamplerSelect(sampler_name="eulr")  # error
n.KSamplerSelect(sampler_name=wf.param("on", True))  # error
n.SaveImage(images=latent)  # error
n.SaveImage(images=n.SaveImage(images=image))  # error
n.LatentFlip(samples=latent, flip_method="y-axis")  # error
n.VAEDecode(samples=image, vae=base.VAE)  # error
n.LoraLoaderModelOnly(model=base.MODEL, lora_name=3)  # error
n.StringReplace(string="a", find="b", replace=None)  # error
base.VEA  # error
swapped: Handle[Literal["CLIP"]] = base[0]  # error
wf.param("seed", None)  # error
wf.param("seed")  # error
wf.target("out")  # error
wf.run(model="models")  # error
wf.run(models=3)  # error
wf.run(seed="7")  # error
wf.save(3)  # error
wf.replace(image, "3")  # error
Brightness(image, factor="2")  # error
Brightness(image, faktor=2.0)  # error
wf.run().tensor(image).shapes  # error


def heard(event: Event) -> None:
    print(event.nodes)  # error
    if event.kind == "node_strated":  # error
        pass
