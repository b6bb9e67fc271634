"""The texts that pictures, latents and sounds carry, by key. Standard library only; every length is bounded."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from graphexec.document.depth import nesting
from graphexec.document.limits import MAX_DEPTH
from graphexec.document.pictures.bad import BadPicture
from graphexec.document.pictures.exif import exif_texts
from graphexec.document.pictures.segments import FLAC, JPEG, flac_texts, jpeg_texts

__all__ = ["BadPicture", "picture_kind", "picture_texts"]

PNG = b"\x89PNG\r\n\x1a\n"
MAX_TEXT = 32 * 2**20
"""Bytes of one text, after it is unpacked. A workflow of 20,000 nodes takes about 6 MB."""
MAX_TEXTS = 1000


def picture_kind(data: bytes) -> str | None:
    """Return what a file is by its first bytes: `PNG`, `WebP`, `JPEG`, `FLAC`, `safetensors`; None for all others."""
    for start, kind in ((PNG, "PNG"), (FLAC, "FLAC")):
        if data.startswith(start):
            return kind
    if data.startswith(JPEG) and len(data) > len(JPEG):
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    header = int.from_bytes(data[:8], "little")
    return "safetensors" if data[8:9] == b"{" and 2 <= header <= MAX_TEXT else None


def picture_texts(data: bytes, kind: str) -> dict[str, str]:
    """Return the texts of a file of the given kind; keys are in lower case. Raises BadPicture."""
    return {key.lower(): text for key, text in _READERS[kind](data)}


def _png(data: bytes) -> Iterator[tuple[str, str]]:
    count = 0
    for kind, content in _chunks(data):
        if kind not in _PNG_TEXTS:
            continue
        count += 1
        if count > MAX_TEXTS or len(content) > MAX_TEXT:
            raise BadPicture("the PNG holds more text than any workflow needs")
        key, _, rest = content.partition(b"\0")
        text = _PNG_TEXTS[kind](rest)
        if text is not None:
            yield key.decode("latin-1"), text


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and content of each chunk (PNG, 3rd edition, chapter 5). What follows IEND is no part of the file."""
    position = len(PNG)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        if position + 12 + length > len(data):
            raise BadPicture("the PNG is cut off")
        yield kind, data[position + 8 : position + 8 + length] if kind in _PNG_TEXTS else b""
        if kind == b"IEND":
            return
        position += 12 + length
    raise BadPicture("the PNG is cut off")


def _decoded(raw: bytes) -> str:
    """Return a text that should be Latin-1, and that many programs write as UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _packed(rest: bytes) -> str | None:
    return _decoded(_unpacked(rest[1:])) if rest[:1] == b"\0" else None


def _international(rest: bytes) -> str | None:
    """Return the text of an iTXt chunk: flag, method, language, translated key, text in UTF-8."""
    packed, method = rest[:1], rest[1:2]
    _, _, rest = rest[2:].partition(b"\0")
    _, _, text = rest.partition(b"\0")
    if packed == b"\1" and method == b"\0":
        text = _unpacked(text)
    return text.decode("utf-8", "replace") if packed in (b"\0", b"\1") else None


_PNG_TEXTS = {b"tEXt": _decoded, b"zTXt": _packed, b"iTXt": _international, b"comf": _decoded}
"""The chunks that hold texts; `comf` is ComfyUI's own, in animated pictures."""


def _unpacked(packed: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(packed, MAX_TEXT + 1)
    except zlib.error:
        raise BadPicture("a packed text of the PNG is damaged") from None
    if len(text) > MAX_TEXT:
        raise BadPicture("a packed text of the PNG is larger than any workflow needs")
    return text


def _webp(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the texts of the EXIF chunk, which ComfyUI writes as `key:text`."""
    position, end = 12, min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    while position + 8 <= end:
        kind, length = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        if kind == b"EXIF":
            content = data[position + 8 : position + 8 + length]
            if len(content) < length:
                raise BadPicture("the WebP is cut off")
            if length > MAX_TEXT:
                raise BadPicture("the WebP holds more text than any workflow needs")
            yield from exif_texts(content)
        position += 8 + length + length % 2


def _safetensors(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the texts of a safetensors header (`__metadata__`), as SaveLatent writes it."""
    header = data[8 : 8 + int.from_bytes(data[:8], "little")].decode("utf-8", "replace")
    if nesting(header) > MAX_DEPTH:
        raise BadPicture("the header nests too deep")
    try:
        value: Any = json.loads(header)
    except ValueError:
        raise BadPicture("the header of the safetensors file is damaged") from None
    metadata = value.get("__metadata__") if isinstance(value, Mapping) else None
    for key, text in metadata.items() if isinstance(metadata, Mapping) else ():
        if isinstance(text, str):
            yield key, text


_READERS = {"PNG": _png, "WebP": _webp, "JPEG": jpeg_texts, "FLAC": flac_texts, "safetensors": _safetensors}
