"""The digest `H` of plain values: tagged and length-prefixed, so that no two different values encode alike."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from blake3 import blake3

Plain: TypeAlias = "None | bool | int | float | str | bytes | list[Plain] | tuple[Plain, ...] | Mapping[str, Plain]"
"""What may enter a digest. Lists and tuples are the same; mappings ignore the order of their keys."""


def digest(kind: str, value: Plain) -> str:
    """Return the hex BLAKE3 digest of `value` under the tag `kind` (32 bytes, 64 characters).

    The encoding is injective: `1`, `True`, `1.0`, `"1"`, `[]` and `{}` all differ, and so do equal values under
    different kinds. Raises TypeError for values that are not plain.
    """
    hasher = blake3()
    hasher.update(_field(b"K", kind.encode()))
    for piece in _encode(value):
        hasher.update(piece)
    return hasher.hexdigest()


def digest_bytes(data: bytes) -> str:
    """Return the hex BLAKE3 digest of raw bytes."""
    return blake3(data).hexdigest()


def _field(tag: bytes, payload: bytes) -> bytes:
    return tag + struct.pack("<Q", len(payload)) + payload


def _encode(value: Plain) -> Iterator[bytes]:
    """Yield the pieces of the encoding; a stack rather than recursion, so depth is no limit."""
    stack: list[Plain | _Raw] = [value]
    while stack:
        item = stack.pop()
        match item:
            case _Raw(data):
                yield data
            case None:
                yield b"N"
            case bool():
                yield b"T" if item else b"F"
            case int():
                yield _field(b"I", str(item).encode())
            case float():
                yield b"D" + struct.pack("<d", item)
            case str():
                yield _field(b"S", item.encode("utf-8", "surrogatepass"))
            case bytes():
                yield _field(b"B", item)
            case list() | tuple():
                yield b"L" + struct.pack("<Q", len(item))
                stack.extend(reversed(item))
            case Mapping():
                yield b"M" + struct.pack("<Q", len(item))
                for key in sorted(item, reverse=True):
                    stack.append(item[key])
                    stack.append(_Raw(_field(b"S", key.encode("utf-8", "surrogatepass"))))
            case _:
                raise TypeError(f"cannot digest a value of type {type(item).__name__}")


class _Raw:
    """Bytes already encoded, waiting on the stack."""

    __match_args__ = ("data",)
    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data
