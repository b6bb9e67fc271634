"""The digest `H` of plain values: tagged and length-prefixed, so that no two different values encode alike."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from blake3 import blake3

Plain: TypeAlias = "None | bool | int | float | str | bytes | list[Plain] | tuple[Plain, ...] | Mapping[str, Plain]"
"""What may enter a digest. Lists and tuples are the same; mappings ignore the order of their keys."""


def digest(kind: str, value: Plain) -> str:
    """Return the hex BLAKE3 digest of `value` under the tag `kind` (32 bytes, 64 characters).

    The encoding is injective: `1`, `True`, `1.0`, `"1"`, `[]` and `{}` all differ, and so do equal values under
    different kinds. Raises TypeError for values that are not plain.
    """
    pieces = [_field(b"K", kind.encode())]
    _encode(value, pieces)
    return blake3(b"".join(pieces)).hexdigest()


def digest_bytes(data: bytes) -> str:
    """Return the hex BLAKE3 digest of raw bytes."""
    return blake3(data).hexdigest()


def digest_file(path: Path) -> str:
    """Return the hex BLAKE3 digest of a file's bytes. Raises OSError when it cannot be read."""
    return blake3(max_threads=blake3.AUTO).update_mmap(path).hexdigest()


FileState: TypeAlias = tuple[int, ...]
"""Size, times of change of content and status (ns), and inode of a file."""

_known_files: dict[FileState, str] = {}


def know_file(state: FileState, digest: str) -> None:
    """Tell this process the digest of a file in a state that lasts, so that nobody has to read it again."""
    _known_files[state] = digest


def known_file(state: FileState) -> str | None:
    """Return the digest of a file in this state, if somebody has told it."""
    return _known_files.get(state)


_LENGTH = struct.Struct("<Q").pack
_DOUBLE = struct.Struct("<d").pack


def _field(tag: bytes, payload: bytes) -> bytes:
    return tag + _LENGTH(len(payload)) + payload


def _encode(value: Plain, pieces: list[bytes]) -> None:
    """Append the encoding of a value; a stack rather than recursion, so depth is no limit."""
    stack: list[Any] = [value]
    while stack:
        item = stack.pop()
        kind = type(item)
        if kind is str:
            text = item.encode("utf-8", "surrogatepass")
            pieces += (b"S", _LENGTH(len(text)), text)
        elif kind is dict:
            pieces += (b"M", _LENGTH(len(item)))
            for key in sorted(item, reverse=True):
                if not isinstance(key, str):
                    raise TypeError(f"cannot digest a mapping with a key of type {type(key).__name__}")
                stack += (item[key], key)
        elif kind is list or kind is tuple:
            pieces += (b"L", _LENGTH(len(item)))
            stack += item[::-1]
        elif kind is int:
            pieces.append(_field(b"I", str(item).encode()))
        elif kind is float:
            pieces += (b"D", _DOUBLE(item))
        elif kind is bool:
            pieces.append(b"T" if item else b"F")
        elif item is None:
            pieces.append(b"N")
        elif kind is bytes:
            pieces.append(_field(b"B", item))
        else:
            stack.append(_base(item))


def _base(item: Any) -> Plain:
    """Return an instance of a subclass as one of the plain type itself."""
    if isinstance(item, str):
        return str.__str__(item)
    if isinstance(item, int):
        return int.__int__(item)
    if isinstance(item, float):
        return float.__float__(item)
    if isinstance(item, bytes):
        return bytes(item)
    if isinstance(item, (list, tuple)):
        return list(item)
    if isinstance(item, Mapping):
        return dict(item)
    raise TypeError(f"cannot digest a value of type {type(item).__name__}")
