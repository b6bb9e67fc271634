"""A checkpoint of SD1.5's shapes with random weights, and a pack of nodes that stand for prompts."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.options import Options
from workflows.tiny_checkpoint import Size, write

NAME = "random.safetensors"
FULL = Size(unet=(320, 640, 1280, 1280), vae=(128, 256, 512, 512), text=768, layers=12)
TOKENS = 77
PACK = f"""
def drawn(seed, *shape):
    import torch
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


class BenchConditioning:
    RETURN_TYPES, FUNCTION = ("CONDITIONING",), "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{"seed": ("INT", {{"default": 0}}), "width": ("INT", {{"default": 768}})}}}}

    def run(self, seed, width):
        return ([[drawn(seed, 1, {TOKENS}, width), {{}}]],)


class BenchLatent:
    RETURN_TYPES, FUNCTION = ("LATENT",), "run"

    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{"seed": ("INT", {{"default": 0}}), "cells": ("INT", {{"default": 64}})}}}}

    def run(self, seed, cells):
        return ({{"samples": 5 * drawn(seed, 1, 4, cells, cells)}},)


NODE_CLASS_MAPPINGS = {{"BenchConditioning": BenchConditioning, "BenchLatent": BenchLatent}}
"""


def size(options: Options) -> Size:
    """How large the model is."""
    return Size() if options.tiny else FULL


def models(options: Options) -> Path:
    """The directory of models with the checkpoint in it, and `pack.py` beside it; written now if it is not there."""
    folder = options.scratch / "models"
    path = folder / "checkpoints" / NAME
    if not path.exists():
        write(path, size(options))
        (options.scratch / "pack.py").write_text(PACK)
    return folder
