"""Safetensors files that are made only while they are written: what a saver holds instead of gigabytes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

PIECE = 1 << 26
"""Bytes written at a time."""


@dataclass(frozen=True, slots=True)
class SavedFile:
    """A safetensors file in pieces, the header first. `make` returns its bytes and is called for every iteration."""

    make: Callable[[], bytes]

    def __iter__(self) -> Iterator[bytes]:
        content = self.make()
        start = 8 + struct.unpack_from("<Q", content)[0]
        yield content[:start]
        for place in range(start, len(content), PIECE):
            yield content[place : place + PIECE]
