"""What annotates the functions that `@graphexec.node` makes into nodes: socket types, ranges, files.

def Brightness(image: Image, factor: Annotated[float, Range(0, 4)] = 1.0) -> Image: ...
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from graphexec.ports import Context as Context


@dataclass(frozen=True, slots=True)
class Socket:
    """The socket type of an input or output: `Annotated[MyClass, Socket("MY_TYPE")]`."""

    type: str


@dataclass(frozen=True, slots=True)
class Range:
    """The smallest and the largest number that an input takes, both included; `step` is a hint to editors."""

    min: int | float | None = None
    max: int | float | None = None
    step: int | float | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A text that names a file of a model folder (`loras`, ...) or of `input`: `Annotated[str, File("loras")]`.

    The content of the file enters the cache key; `context.files` finds it.
    """

    folder: str


Image: TypeAlias = Annotated[Any, Socket("IMAGE")]
"""float32 tensor `(B, H, W, C)` in 0..1."""
Mask: TypeAlias = Annotated[Any, Socket("MASK")]
"""float32 tensor `(B, H, W)` in 0..1, 1 = selected."""
Latent: TypeAlias = Annotated[Any, Socket("LATENT")]
"""`{"samples": (B, C, H/8, W/8), "noise_mask"?, "batch_index"?}`, float32."""
Conditioning: TypeAlias = Annotated[Any, Socket("CONDITIONING")]
"""A list of `[tensor (1, T, D), options]`."""
Sigmas: TypeAlias = Annotated[Any, Socket("SIGMAS")]
"""Noise levels, float32 tensor `(N + 1,)`."""
Model: TypeAlias = Annotated[Any, Socket("MODEL")]
Clip: TypeAlias = Annotated[Any, Socket("CLIP")]
Vae: TypeAlias = Annotated[Any, Socket("VAE")]
"""Handles: `encode` and `decode` load the weights when they are first used."""
