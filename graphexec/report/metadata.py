"""Metadata spliced into encoded files: PNG chunks and safetensors headers. Standard library only."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def metadata_texts(prompt: Any, workflow: Any) -> dict[str, str]:
    """Return what a picture carries: `prompt` and `workflow` as ASCII JSON; what is None is left out."""
    texts = {"prompt": prompt, "workflow": workflow}
    return {key: json.dumps(value) for key, value in texts.items() if value is not None}


def splice_png(content: bytes, texts: Mapping[str, str]) -> bytes:
    """Return a PNG with one tEXt chunk a text, in order, before its image data. Raises ValueError if it is no PNG."""
    place = next((start for start, kind, _ in _chunks(content) if kind == b"IDAT"), None)
    if place is None:
        raise ValueError("the PNG holds no image data")
    pieces = [_chunk(b"tEXt", key.encode("latin-1") + b"\0" + text.encode("latin-1")) for key, text in texts.items()]
    return b"".join([content[:place], *pieces, content[place:]])


def splice_apng(content: bytes, texts: Mapping[str, str]) -> bytes:
    """Return an animated PNG with one `comf` chunk a text behind its image data, as ComfyUI has them.

    Raises ValueError if it is no PNG.
    """
    place = next((start for start, kind, _ in _chunks(content) if kind == b"IEND"), None)
    if place is None:
        raise ValueError("the PNG has no end")
    pieces = [_chunk(b"comf", key.encode("latin-1") + b"\0" + text.encode("latin-1")) for key, text in texts.items()]
    return b"".join([content[:place], *pieces, content[place:]])


def png_texts(content: bytes) -> dict[str, str]:
    """Return the tEXt chunks of a PNG. Raises ValueError if it is no PNG."""
    found: dict[str, str] = {}
    for _, kind, data in _chunks(content):
        if kind == b"tEXt" and b"\0" in data:
            key, text = data.split(b"\0", 1)
            found[key.decode("latin-1")] = text.decode("latin-1")
    return found


def splice_safetensors(content: bytes, texts: Mapping[str, str]) -> bytes:
    """Return a safetensors file with `texts` added to its metadata. Raises ValueError if it is no such file.

    Layout: the header's length (8 bytes, little endian), the header (JSON, padded with blanks to 8 bytes), data.
    """
    if len(content) < 8:
        raise ValueError("the safetensors file is too short")
    (length,) = struct.unpack_from("<Q", content)
    if length > len(content) - 8:
        raise ValueError("the safetensors file is cut off")
    return splice_header(content[: 8 + length], texts) + content[8 + length :]


def splice_header(block: bytes, texts: Mapping[str, str]) -> bytes:
    """Return the header of a safetensors file, its length in front, with `texts` added to its metadata."""
    header = json.loads(block[8:])
    header = {"__metadata__": {**header.pop("__metadata__", {}), **texts}, **header}
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    return struct.pack("<Q", len(encoded)) + encoded


def _chunks(content: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield (start, kind, data) of each chunk."""
    if not content.startswith(SIGNATURE):
        raise ValueError("not a PNG file")
    position = len(SIGNATURE)
    while position + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        end = position + 12 + length
        if end > len(content):
            raise ValueError("the PNG file is cut off")
        yield position, kind, content[position + 8 : end - 4]
        position = end


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
