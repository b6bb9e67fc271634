"""What the engine asks about socket values: their size, the digest of their content, a copy to write into.

Importable without torch: as long as nobody imported it, no value is a tensor.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard, runtime_checkable

from graphexec.hashing import Plain, digest_bytes
from graphexec.hashing import digest as plain_digest

if TYPE_CHECKING:
    from torch import Tensor

SMALL = 64
"""Bytes counted for a value that is neither text nor tensor; the weights behind a handle belong to the pool."""


@runtime_checkable
class Identified(Protocol):
    """A value that knows a digest of what it stands for: handles, samplers, guiders. None when it has none."""

    @property
    def identity(self) -> str | None: ...


class Opaque(Exception):
    """Raised inside `digest` at a value without content that could be told."""


def is_tensor(value: Any) -> TypeGuard[Tensor]:
    """Whether a value is a tensor; never imports torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def size(value: Any) -> int:
    """Bytes that a value holds, roughly."""
    if is_tensor(value):
        return value.numel() * value.element_size()
    match value:
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
    if is_tensor(value):
        return _plain_tensor(value)
    match value:
        case None | bool() | int() | float() | str() | bytes():
            return value
        case Mapping():
            return ["mapping", *([_plain(key), _plain(item)] for key, item in sorted(value.items(), key=_key_order))]
        case list() | tuple():
            return ["list", *(_plain(item) for item in value)]
        case Identified() if value.identity is not None:
            return ["identified", value.identity]
    raise Opaque


def _plain_tensor(value: Tensor) -> Plain:
    import torch

    dense = value.detach().cpu().contiguous()
    content = dense.reshape(-1).view(torch.uint8).numpy().tobytes()
    return ["tensor", str(value.dtype), list(value.shape), digest_bytes(content)]


def _key_order(item: tuple[Any, Any]) -> tuple[str, str]:
    return type(item[0]).__name__, str(item[0])


def clone(value: Any) -> Any:
    """A copy whose tensors and containers may be written into. Handles are immutable and stay what they are."""
    if is_tensor(value):
        return value.clone()
    match value:
        case dict():
            return {key: clone(item) for key, item in value.items()}
        case list():
            return [clone(item) for item in value]
        case tuple():
            return tuple(clone(item) for item in value)
    return value
