"""A font for labels: Pillow's own where it has all letters, else one of the system's; else accents are left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from PIL import ImageFont

Font: TypeAlias = "ImageFont.ImageFont | ImageFont.FreeTypeFont"

SYSTEM_FONTS = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial Unicode.ttf", "arial.ttf",
    "NotoSansCJK-Regular.ttc", "msyh.ttc", "Hiragino Sans GB.ttc",
)  # fmt: skip
"""Fonts with many scripts, as Linux, macOS and Windows call them; Pillow knows where each keeps its fonts."""

_NOTHING = "\uffff"
"""No character: fonts draw it as they draw what they lack."""


def font_for(texts: Iterable[str], size: int) -> Font:
    """Return the first font that has all letters of the texts, or else the one that lacks fewest; Pillow's is first."""
    letters = {letter for text in texts for letter in text if not letter.isspace()}
    best, fewest = None, len(letters) + 1
    for font in _fonts(size):
        lacking = sum(not has(font, letter) for letter in letters)
        if lacking < fewest:
            best, fewest = font, lacking
        if not lacking:
            break
    return best or ImageFont.load_default(size)


def has(font: Font, letter: str) -> bool:
    """Whether a font has a letter."""
    if letter.isascii():
        return True
    drawn, missing = font.getmask(letter), font.getmask(_NOTHING)
    return drawn.size != missing.size or bytes(drawn) != bytes(missing)


def readable(text: str, font: Font) -> str:
    """Return a text whose letters the font has, where leaving out accents is enough: `Häuschen`, `Hauschen`."""
    return "".join(letter if has(font, letter) else _plain(letter) for letter in text)


def _plain(letter: str) -> str:
    parts = unicodedata.normalize("NFKD", letter)
    return "".join(part for part in parts if not unicodedata.combining(part)) or letter


def _fonts(size: int) -> Iterator[Font]:
    yield ImageFont.load_default(size)
    for name in SYSTEM_FONTS:
        try:
            yield ImageFont.truetype(name, size)
        except OSError:
            continue
