"""Programs that type checkers accept: every way of giving a value, and what comes back."""

import asyncio
from typing import Annotated, Any, Literal, assert_type

import graphexec
from graphexec.build import Handle, Node, Param, Rendering, Workflow
from graphexec.build import nodes as n
from graphexec.types import Image, Range


def prompt_of(text: str, clip: Handle[Literal["CLIP"]]) -> Handle[Literal["CONDITIONING"]]:
    return n.CLIPTextEncode(text=text, clip=clip)


@graphexec.node(category="image")
def Brightness(image: Image, factor: Annotated[float, Range(0, 4)] = 1.0) -> Image:
    return (image * factor).clip(0, 1)


with Workflow("circle", description="A red circle.", nodes=["pack.py", Brightness]) as wf:
    base = n.CheckpointLoaderSimple(ckpt_name="shapes.safetensors")
    assert_type(base.MODEL, Handle[Literal["MODEL"]])
    seed, scale, text = wf.param("seed", 0), wf.param("scale", 1.5, min=0.0), wf.param("text", "a circle")
    assert_type(seed, Param[Literal["INT"]])
    assert_type(scale, Param[Literal["FLOAT"]])
    assert_type(text, Param[Literal["STRING"]])
    assert_type(wf.param("on", True), Param[Literal["BOOLEAN"]])
    sampler = wf.param("sampler", "euler", choices=["euler", "heun"])
    required = wf.param("steps", type=int)
    latent = n.EmptyLatentImage(width=64, height=n.PrimitiveInt(value=64), batch_size=required)
    for index in range(3):
        latent = n.KSampler(
            model=base.MODEL,
            seed=seed,
            steps=20 + index,
            cfg=8,
            sampler_name=sampler if index else "euler",
            scheduler="karras",
            positive=n.CLIPTextEncode(text=text, clip=base.CLIP),
            negative=prompt_of("", base.CLIP),
            latent_image=latent,
            denoise=scale,
        )
    assert_type(latent, Handle[Literal["LATENT"]])
    model, clip, vae = base
    image = n.VAEDecode(samples=latent, vae=vae)
    bright = Brightness(image, 2.0)
    saved = n.SaveImage(images=bright, filename_prefix="circle", name="out", title="The picture")
    assert_type(saved, Node)
    loaded = n.LoadImage(image="a.png")
    n.ImageCompositeMasked(destination=image, source=loaded.IMAGE, x=0, y=0, resize_source=False, mask=loaded.MASK)
    n.PreviewImage(images=wf.node("NodeOfNobody", {"x": 1}).out("IMAGE"))
    patched = wf.insert(base.MODEL, lambda before: n.FreeU_V2(model=before))
    wf.target(image, saved)

wf["3"].steps = 30
wf["3"]["model"] = base.MODEL
wf.replace(image, n.VAEDecodeTiled(samples=latent, vae=base.VAE))
assert_type(wf.find("KSampler*"), list[Node])
result = wf.run(models="models", params={"seed": 7}, targets=[image, saved, "3:0"], deadline=60.0)
assert_type(result, Rendering)
size: tuple[int, int] = result.images(saved)[0].size
top: float = float(result.numpy(image).max())
shape: tuple[int, ...] = tuple(result.tensor(latent).shape)
for rendering in wf.run_each([{"seed": k} for k in range(3)], models=["a", "b"]):
    paths: tuple[str, ...] = rendering.files


async def listen() -> Any:
    stream = wf.stream(device="cpu")
    async for event in stream:
        if event.kind == "progress" and event.done is not None and event.total is not None:
            print(f"{event.node}: {event.done / event.total:.0%}")
    return (await wf.stream()).value(image) or stream.rendering.report


asyncio.run(listen())
