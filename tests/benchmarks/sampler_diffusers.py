"""Contestants of `sampler` that are diffusers: the loop of its pipeline over the same weights, noise and levels."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from tests.benchmarks.checkpoints import NAME, TOKENS
from tests.benchmarks.gate import Gate
from tests.benchmarks.sampler_ours import FIRST, SCALE, start

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
LEVELS = 1000


def loaded(scratch: str, kind: str, dtype: str, config: dict[str, Any]) -> Any:
    """A module of diffusers from the single file."""
    import diffusers

    folder = Path(scratch) / kind
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"_class_name": kind, **config}))
    module = getattr(diffusers, kind).from_single_file(
        str(Path(scratch) / "models/checkpoints" / NAME),
        config=str(folder),
        local_files_only=True,
        torch_dtype=DTYPES[dtype],
    )
    return module.eval()


def unet_config(channels: Sequence[int], width: int) -> dict[str, Any]:
    """The configuration of a UNet of SD1 with so many channels by level, and contexts of this width."""
    down = ["CrossAttnDownBlock2D"] * (len(channels) - 1) + ["DownBlock2D"]
    up = ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * (len(channels) - 1)
    return {
        "in_channels": 4,
        "out_channels": 4,
        "sample_size": 64,
        "block_out_channels": list(channels),
        "down_block_types": down,
        "up_block_types": up,
        "layers_per_block": 2,
        "cross_attention_dim": width,
        "attention_head_dim": 8,
    }


def autoencoder_config(channels: Sequence[int]) -> dict[str, Any]:
    """The configuration of an autoencoder with so many channels by level."""
    return {
        "in_channels": 3,
        "out_channels": 3,
        "latent_channels": 4,
        "sample_size": 512,
        "block_out_channels": list(channels),
        "down_block_types": ["DownEncoderBlock2D"] * len(channels),
        "up_block_types": ["UpDecoderBlock2D"] * len(channels),
        "layers_per_block": 2,
        "scaling_factor": SCALE,
    }


def steps(
    gate: Gate, scratch: str, dtype: str, width: int, size: int, batch: int, count: int, cfg: float,
    channels: Sequence[int], channels_last: bool = False, compiled: bool = False,
) -> None:  # fmt: skip
    """Steps of StableDiffusionPipeline's loop with Euler's scheduler; the output is what the first changes."""
    from diffusers import EulerDiscreteScheduler, UNet2DConditionModel  # noqa: F401  # imported before the clock starts

    began = time.perf_counter()
    unet = loaded(scratch, "UNet2DConditionModel", dtype, unet_config(channels, width))
    if channels_last:
        unet = unet.to(memory_format=torch.channels_last)
    if compiled:
        unet = torch.compile(unet)
    scheduler: Any = EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    said = [drawn(seed, 1, TOKENS, width).expand(batch, -1, -1) for seed in (12, 11)]
    context = torch.cat(said).to(DTYPES[dtype])
    with torch.inference_mode():
        for seed in itertools.count(FIRST):
            # The "simple" schedule of KSampler: every (1000 / N)th of the levels, from the noisiest.
            scheduler.set_timesteps(timesteps=[LEVELS - 1 - int(i * LEVELS / count) for i in range(count)])
            shape = batch, 4, size // 8, size // 8
            latent = drawn(seed, *shape).to(context.dtype) * (scheduler.sigmas[0] ** 2 + 1) ** 0.5
            for number, timestep in enumerate(scheduler.timesteps):
                doubled = scheduler.scale_model_input(torch.cat([latent] * 2), timestep)
                uncond, cond = unet(doubled, timestep, encoder_hidden_states=context, return_dict=False)[0].chunk(2)
                latent = scheduler.step(uncond + cfg * (cond - uncond), timestep, latent, return_dict=False)[0]
                if seed > FIRST or number:
                    gate.lap()
                else:
                    gate.ready(latent.float() - start(seed, *shape), first=time.perf_counter() - began)


def decodes(gate: Gate, scratch: str, dtype: str, size: int, channels: Sequence[int]) -> None:
    """Decodes of latents as the pipeline does it, images as numbers in 0..1 with the channels last."""
    from diffusers import AutoencoderKL  # noqa: F401

    began = time.perf_counter()
    vae = loaded(scratch, "AutoencoderKL", dtype, autoencoder_config(channels))
    with torch.inference_mode():
        for seed in itertools.count():
            latent = 5 * drawn(seed, 1, 4, size // 8, size // 8)
            pixels = vae.decode(latent.to(DTYPES[dtype]), return_dict=False)[0]
            image = (pixels.float() / 2 + 0.5).clamp(0, 1).movedim(1, -1).contiguous()
            if seed:
                gate.lap()
            else:
                gate.ready(image, first=time.perf_counter() - began)


def drawn(seed: int, *shape: int) -> torch.Tensor:
    """Normal numbers of a seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
