"""What the engine asks about socket values: their size, the digest of their content, a copy to write into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from graphexec.diffusion.memory import tensor_bytes
from graphexec.hashing import Plain, digest_bytes
from graphexec.hashing import digest as plain_digest

SMALL = 64
"""Bytes counted for a value that is neither text nor tensor; the weights behind a handle belong to the pool."""


@runtime_checkable
class Identified(Protocol):
    """A value that knows a digest of what it stands for: handles, samplers, guiders. None when it has none."""

    @property
    def identity(self) -> str | None: ...


class Opaque(Exception):
    """Raised inside `digest` at a value without content that could be told."""


def size(value: Any) -> int:
    """Bytes that a value holds, roughly."""
    match value:
        case Tensor():
            return tensor_bytes([value])
        case Mapping():
            return sum(size(key) + size(item) for key, item in value.items())
        case list() | tuple():
            return sum(size(item) for item in value)
        case str() | bytes() | bytearray():
            return len(value)
    return SMALL


def digest(value: Any) -> str | None:
    """The digest of a value's content, or None when it has none that could be told (foreign objects, closures).

    Tensors count by element type, shape and bits, wherever they are; handles by their identity.
    """
    try:
        return plain_digest("value", _plain(value))
    except Opaque:
        return None


def _plain(value: Any) -> Plain:
    """A value as plain data; the first item of every list tells its kind, so that nothing looks like another."""
    match value:
        case None | bool() | int() | float() | str() | bytes():
            return value
        case Tensor():
            dense = value.detach().cpu().contiguous()
            content = dense.reshape(-1).view(torch.uint8).numpy().tobytes()
            return ["tensor", str(value.dtype), list(value.shape), digest_bytes(content)]
        case Mapping():
            return ["mapping", *([_plain(key), _plain(item)] for key, item in sorted(value.items(), key=_key_order))]
        case list() | tuple():
            return ["list", *(_plain(item) for item in value)]
        case Identified() if value.identity is not None:
            return ["identified", value.identity]
    raise Opaque


def _key_order(item: tuple[Any, Any]) -> tuple[str, str]:
    return type(item[0]).__name__, str(item[0])


def clone(value: Any) -> Any:
    """A copy whose tensors and containers may be written into. Handles are immutable and stay what they are."""
    match value:
        case Tensor():
            return value.clone()
        case dict():
            return {key: clone(item) for key, item in value.items()}
        case list():
            return [clone(item) for item in value]
        case tuple():
            return tuple(clone(item) for item in value)
    return value
