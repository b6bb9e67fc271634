"""The texts that JPEG and FLAC files carry: files of segments, each with its length in front."""

from __future__ import annotations

from collections.abc import Iterator

from graphexec.document.pictures.bad import BadPicture
from graphexec.document.pictures.exif import exif_texts

JPEG = b"\xff\xd8\xff"
FLAC = b"fLaC"

_APP1, _SCAN, _END = 0xE1, 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers of JPEG that no length follows."""
_COMMENTS = 4
_MOST_COMMENTS = 1000


def jpeg_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the texts of the EXIF segment, which savers write as in WebP (ITU-T T.81, Exif 2.32)."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker in (_SCAN, _END):
            return
        if marker == 0xFF or marker in _ALONE:  # padding, or a marker without content
            position += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        content = data[position + 4 : position + 2 + length]
        if length < 2 or len(content) < length - 2:
            raise BadPicture("the JPEG is cut off")
        if marker == _APP1 and content.startswith(b"Exif\0\0"):
            yield from exif_texts(content)
        position += 2 + length


def flac_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the Vorbis comments (RFC 9639, section 8.6), as SaveAudio writes them."""
    position, last = len(FLAC), False
    while not last and position + 4 <= len(data):
        kind, last = data[position] & 0x7F, bool(data[position] & 0x80)
        length = int.from_bytes(data[position + 1 : position + 4], "big")
        content = data[position + 4 : position + 4 + length]
        if len(content) < length:
            raise BadPicture("the FLAC file is cut off")
        if kind == _COMMENTS:
            yield from _comments(content)
        position += 4 + length


def _comments(content: bytes) -> Iterator[tuple[str, str]]:
    position = 4 + int.from_bytes(content[:4], "little")  # the vendor
    count = int.from_bytes(content[position : position + 4], "little")
    position += 4
    for _ in range(min(count, _MOST_COMMENTS)):
        length = int.from_bytes(content[position : position + 4], "little")
        comment = content[position + 4 : position + 4 + length]
        if len(comment) < length or position + 4 > len(content):
            raise BadPicture("a comment of the FLAC file is cut off")
        key, equals, text = comment.decode("utf-8", "replace").partition("=")
        if equals:
            yield key, text
        position += 4 + length
