"""Options that several verbs share, declared once.

Arguments have no help of their own, because some versions of Click and Typer lose it together: the verb's text
describes them.
"""

from __future__ import annotations

from typing import Annotated

import typer

Files = Annotated[list[str], typer.Argument(metavar="FILE...", show_default=False)]
File = Annotated[str, typer.Argument(metavar="FILE", show_default=False)]
Models = Annotated[
    list[str] | None,
    typer.Option(
        "--models", metavar="DIR", help="Models as ComfyUI keeps them, or an extra_model_paths.yaml. Repeatable."
    ),
]
Input = Annotated[str | None, typer.Option("--input", metavar="DIR", help="Pictures and latents that workflows load.")]
Output = Annotated[str | None, typer.Option("--output", metavar="DIR", help="Where results are written.")]
Nodes = Annotated[
    list[str] | None,
    typer.Option("--nodes", metavar="PATH", help="Node pack to load: Python code that will run. Repeatable."),
]
ObjectInfo = Annotated[
    list[str] | None,
    typer.Option(
        "--object-info", metavar="FILE", help="Schemas of nodes not installed: JSON of /object_info. Repeatable."
    ),
]
Device = Annotated[str | None, typer.Option("--device", metavar="NAME", help="auto, cpu, cuda, cuda:1, mps.")]
Dtype = Annotated[str | None, typer.Option("--dtype", metavar="NAME", help="Of the weights: auto, fp32, bf16, fp16.")]
Noise = Annotated[
    str | None, typer.Option("--noise", metavar="NAME", help="Step noise of: comfyui, comfyui-0.5 (before 0.6).")
]
Cache = Annotated[
    str | None, typer.Option("--cache", metavar="DIR", help="Where results are kept between runs, or 'off'.")
]
Threads = Annotated[
    int | None, typer.Option("--threads", metavar="N", help="Threads that compute on the CPU; bits depend on it.")
]
Memory = Annotated[
    str | None,
    typer.Option("--memory", metavar="BYTES", help="For models and their work, such as 4GB; splits what needs more."),
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NODE.INPUT=VALUE", help="Replace an input of a node. Repeatable."),
]
Param = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="Set a parameter that the file declares. Repeatable."),
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="N", help="Replace the seed of every node that has one.")]
Target = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="NODE[:SLOT]", help="Compute only this and what it needs. Repeatable."),
]
FollowLinks = Annotated[
    bool, typer.Option("--follow-links", help="Let links inside the models and input directories lead out of them.")
]
Level = Annotated[
    str | None,
    typer.Option("--level", metavar="LEVEL", help="Agreement to demand: bytes, tensors or perceptual."),
]
