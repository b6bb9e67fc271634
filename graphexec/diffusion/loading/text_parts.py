"""Text encoders in files: finding them, and reading OpenCLIP's tensors under the names of transformers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

import torch

from graphexec.diffusion.loading.parts import Part, Source
from graphexec.diffusion.loading.weights import WeightsFile

Layout: TypeAlias = Literal["transformers", "openclip"]

ROUNDED = torch.float16
"""ComfyUI keeps the weights of text encoders in half precision on every device, and computes in single."""

MARKS: dict[str, Layout] = {
    "text_model.embeddings.token_embedding.weight": "transformers",
    "transformer.resblocks.0.ln_1.weight": "openclip",
}
OPENCLIP_PLAIN = {
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
}
OPENCLIP_LAYER = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}


def find_text_encoders(file: WeightsFile) -> list[tuple[Part, Layout]]:
    """Every text encoder in a file, in the order of their prefixes."""
    found = {
        name[: -len(mark)]: layout
        for name in file.header.tensors
        for mark, layout in MARKS.items()
        if (name == mark or name.endswith("." + mark)) and not name.startswith("visual.")
    }
    return [(text_part(file, prefix, layout), layout) for prefix, layout in sorted(found.items())]


def text_part(file: WeightsFile, prefix: str, layout: Layout) -> Part:
    """The encoder whose tensors' names start with `prefix`."""
    names = [name for name in file.header.tensors if name.startswith(prefix)]
    kind = f"text:{prefix}"
    if layout == "openclip":
        return Part(file, kind, openclip_sources(names, prefix), ROUNDED)
    sources = {name[len(prefix) :]: Source(name) for name in names if not name.endswith("position_ids")}
    return Part(file, kind, sources, ROUNDED)


def openclip_sources(names: Iterable[str], prefix: str) -> dict[str, Source]:
    """Where the tensors of an OpenCLIP encoder stand, by their names in the layout of transformers.

    Query, key and value are the thirds of one matrix; the projection is stored transposed.
    """
    sources: dict[str, Source] = {}
    for name in names:
        short = name[len(prefix) :]
        if short in OPENCLIP_PLAIN:
            sources[OPENCLIP_PLAIN[short]] = Source(name)
        elif short == "text_projection":
            sources["text_projection.weight"] = Source(name, transposed=True)
        elif m := re.fullmatch(r"transformer\.resblocks\.(\d+)\.(.+)", short):
            sources |= _layer_sources(name, f"text_model.encoder.layers.{m[1]}", m[2])
    return sources


def _layer_sources(name: str, layer: str, rest: str) -> dict[str, Source]:
    if rest in ("attn.in_proj_weight", "attn.in_proj_bias"):
        ending = rest.rsplit("_", 1)[1]
        return {f"{layer}.self_attn.{part}_proj.{ending}": Source(name, third=i) for i, part in enumerate("qkv")}
    stem, ending = rest.rsplit(".", 1)
    return {f"{layer}.{OPENCLIP_LAYER[stem]}.{ending}": Source(name)} if stem in OPENCLIP_LAYER else {}
