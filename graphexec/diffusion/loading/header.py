"""The header of a safetensors file: names, shapes and element types of its tensors, read without loading any."""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from graphexec.errors import NodeError

LONGEST_HEADER = 100_000_000  # bytes; the limit of the format's own library
SAFETENSORS = frozenset({".safetensors", ".sft"})
ITEM_BYTES: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(("F64", "I64", "U64"), 8)
    | dict.fromkeys(("F32", "I32", "U32"), 4)
    | dict.fromkeys(("F16", "BF16", "I16", "U16"), 2)
    | dict.fromkeys(("F8_E4M3", "F8_E5M2", "BOOL", "I8", "U8"), 1)
)


class BadModelFile(NodeError):
    """A model file that cannot be used; the message names the file and says why."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path.name}: {problem}")


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """What the header says about a tensor: element type (`F16`, ...), shape, and its bytes within the data."""

    dtype: str
    shape: tuple[int, ...]
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Header:
    """The tensors of a model file by name, and its string metadata."""

    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str]

    def shapes(self, prefix: str = "") -> dict[str, tuple[int, ...]]:
        """Shapes of the tensors whose names start with `prefix`, by the rest of their names."""
        return {name[len(prefix) :]: t.shape for name, t in self.tensors.items() if name.startswith(prefix)}


def read_header(path: Path) -> Header:
    """Read the header of a safetensors file. Raises BadModelFile for files that are torn, foreign or hostile.

    Every tensor must lie inside the file, hold as many bytes as its shape says, and overlap no other.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else -1
            if not 2 <= length <= min(size - 8, LONGEST_HEADER):
                raise BadModelFile(path, f"not a safetensors file, or cut short ({size} bytes)")
            text = file.read(length)
    except OSError as error:
        raise BadModelFile(path, f"cannot be read: {error.strerror}") from error
    return _parse(path, text, size - 8 - length)


def _parse(path: Path, text: bytes, data_bytes: int) -> Header:
    try:
        fields = json.loads(text, object_pairs_hook=lambda pairs: _unique(path, pairs))
    except (ValueError, RecursionError) as error:
        raise BadModelFile(path, "its safetensors header is not JSON") from error
    if not isinstance(fields, dict):
        raise BadModelFile(path, "its safetensors header is not a JSON object")
    metadata = fields.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise BadModelFile(path, "its metadata is not a mapping of texts")
    tensors = {name: _tensor(path, name, entry, data_bytes) for name, entry in fields.items()}
    _refuse_overlaps(path, tensors)
    return Header(MappingProxyType(tensors), MappingProxyType(metadata))


def _unique(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise BadModelFile(path, "its safetensors header names a tensor twice")
    return entries


def _tensor(path: Path, name: str, entry: object, data_bytes: int) -> TensorInfo:
    """Check one entry of the header."""
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(start), int(end)]} if all(
            type(n) is int and n >= 0 for n in shape
        ):
            pass
        case _:
            raise BadModelFile(path, f"the header entry of {name[:80]!r} is malformed")
    if dtype not in ITEM_BYTES:
        raise BadModelFile(path, f"{name[:80]!r} has the unknown element type {dtype[:20]!r}")
    if not 0 <= start <= end <= data_bytes:
        raise BadModelFile(path, f"{name[:80]!r} lies outside the file, which may be cut short")
    if math.prod(shape) * ITEM_BYTES[dtype] != end - start:
        raise BadModelFile(path, f"{name[:80]!r} does not hold as many bytes as its shape says")
    return TensorInfo(dtype, tuple(shape), start, end)


def _refuse_overlaps(path: Path, tensors: Mapping[str, TensorInfo]) -> None:
    reached = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
        if tensor.start < reached:
            raise BadModelFile(path, f"{name[:80]!r} overlaps another tensor")
        reached = tensor.end
