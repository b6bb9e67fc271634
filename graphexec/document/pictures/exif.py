"""Texts in EXIF data (TIFF 6.0, Exif 2.32): ASCII tags of the form `key:text`, and the user comment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

_BYTE, _ASCII, _UNDEFINED = 1, 2, 7
_BYTES = frozenset({_BYTE, _ASCII, _UNDEFINED})
"""Types whose values are one byte each; of all others only the first four bytes are looked at."""

_EXIF_DIRECTORY = 0x8769
_USER_COMMENT = 0x9286
_MAX_ENTRIES = 1000


def exif_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield (key, text) of every ASCII tag of the first directory; the user comment has the key `parameters`.

    Entries that point outside the data are passed over.
    """
    data = data.removeprefix(b"Exif\0\0")
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    for tag, kind, content in _entries(data, order, int.from_bytes(data[4:8], order)):
        if kind == _ASCII:
            key, colon, text = content.rstrip(b"\0").decode("utf-8", "replace").partition(":")
            if colon:
                yield key.strip(), text
        elif tag == _EXIF_DIRECTORY:
            for inner, inner_kind, comment in _entries(data, order, int.from_bytes(content[:4], order)):
                if inner == _USER_COMMENT and inner_kind in _BYTES:
                    yield "parameters", _comment(comment, order)


def _entries(data: bytes, order: Literal["little", "big"], offset: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield tag, type and content of the entries of the directory at an offset."""
    count = int.from_bytes(data[offset : offset + 2], order)
    for k in range(min(count, _MAX_ENTRIES)):
        entry = data[offset + 2 + 12 * k : offset + 14 + 12 * k]
        if len(entry) < 12:
            return
        tag, kind = int.from_bytes(entry[:2], order), int.from_bytes(entry[2:4], order)
        length = int.from_bytes(entry[4:8], order)
        if kind not in _BYTES or length <= 4:
            yield tag, kind, entry[8:12]
            continue
        start = int.from_bytes(entry[8:12], order)
        if start + length <= len(data):
            yield tag, kind, data[start : start + length]


def _comment(content: bytes, order: Literal["little", "big"]) -> str:
    """Return a user comment, whose first eight bytes name its encoding."""
    kind, text = content[:8], content[8:]
    if kind.startswith(b"UNICODE"):
        return text.decode("utf-16-be" if order == "big" or text[:1] == b"\0" else "utf-16-le", "replace").rstrip("\0")
    return (text if kind.startswith((b"ASCII", b"\0" * 8)) else content).decode("utf-8", "replace").rstrip("\0")
