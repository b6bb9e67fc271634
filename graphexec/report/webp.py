"""Metadata spliced into WebP files: the EXIF fields of prompt and workflow. Standard library only."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

EXIF_FLAG = 0x08
"""The bit of the extended header (VP8X) that announces metadata."""

MODEL = 0x0110
"""The EXIF tag of the prompt; further texts have the tags below it, downwards."""

ASCII = 2
"""The EXIF field type of texts that end in NUL."""


def splice_webp(content: bytes, texts: Mapping[str, str]) -> bytes:
    """Return a WebP file whose EXIF fields are `key:text`, the prompt in Model and the next in Make.

    What EXIF was there goes. Raises ValueError for a file that is no WebP or has no extended header.
    """
    chunks = [(kind, data) for kind, data in _chunks(content) if kind != b"EXIF"]
    if not chunks or chunks[0][0] != b"VP8X":
        raise ValueError("the WebP file has no extended header")
    header = bytearray(chunks[0][1])
    header[0] = header[0] | EXIF_FLAG if texts else header[0] & ~EXIF_FLAG
    chunks[0] = (b"VP8X", bytes(header))
    if texts:
        chunks.append((b"EXIF", _exif(texts)))
    body = b"WEBP" + b"".join(_chunk(kind, data) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _exif(texts: Mapping[str, str]) -> bytes:
    """One TIFF directory, little endian: an entry of 12 bytes a text, and the texts behind it."""
    others = (key for key in texts if key != "prompt")
    tags = {key: MODEL - 1 - number for number, key in enumerate(others)} | {"prompt": MODEL}
    fields = sorted((tags[key], f"{key}:{text}".encode("ascii") + b"\0") for key, text in texts.items())
    place = 8 + 2 + 12 * len(fields) + 4
    entries, values = b"", b""
    for tag, value in fields:
        where = struct.pack("<I", place + len(values)) if len(value) > 4 else value.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, ASCII, len(value)) + where
        values += value + b"\0" * (len(value) % 2) if len(value) > 4 else b""
    return b"II*\0" + struct.pack("<IH", 8, len(fields)) + entries + bytes(4) + values


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (kind, data) of each chunk."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise ValueError("not a WebP file")
    position = 12
    while position + 8 <= len(content):
        kind, length = struct.unpack_from("<4sI", content, position)
        if position + 8 + length > len(content):
            raise ValueError("the WebP file is cut off")
        yield kind, content[position + 8 : position + 8 + length]
        position += 8 + length + length % 2


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(data)) + data + b"\0" * (len(data) % 2)
