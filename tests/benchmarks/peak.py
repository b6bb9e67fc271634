"""Contestants that only multiply: what the processor can do at most, through PyTorch."""

from __future__ import annotations

import torch

from tests.benchmarks.gate import Gate

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def product(gate: Gate, dtype: str, size: int) -> None:
    """Products of two square matrices."""
    a, b = (torch.randn(size, size).to(DTYPES[dtype]) for _ in range(2))
    with torch.inference_mode():
        for _ in range(3):
            a @ b
        gate.ready()
        while True:
            a @ b
            gate.lap(work=2 * size**3)


def convolution(gate: Gate, dtype: str, channels: int, size: int) -> None:
    """3x3 convolutions of two feature maps, channels last, of the shape of SD1.5's outermost residual blocks."""
    kind, last = DTYPES[dtype], torch.channels_last
    x = torch.randn(2, channels, size, size).to(kind, memory_format=last)
    layer = torch.nn.Conv2d(channels, channels, 3, padding=1).to(memory_format=last).to(kind)
    with torch.inference_mode():
        for _ in range(3):
            layer(x)
        gate.ready()
        while True:
            layer(x)
            gate.lap(work=2 * 2 * 9 * channels**2 * size**2)
