"""Contact sheets: small pictures in rows and columns with labels, for comparing at one glance."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from PIL import Image, ImageDraw

from graphexec.imaging.decoding import UNREADABLE
from graphexec.imaging.label_fonts import Font, font_for, readable

TILE = 256
"""Pixels of the longer side of a small picture, unless a sheet has very many."""

_LEAST_TILE, _MOST_PIXELS = 64, 64_000_000
_TEXT, _GAP, _MARGIN, _SPACING = 15, 10, 16, 5
_LABEL = 220
"""The widest row label, in pixels."""

_MOST_LINES, _MOST_TEXT = 4, 600
_INK, _FAINT, _PAPER, _EMPTY = (20, 20, 24), (110, 110, 118), (255, 255, 255), (232, 232, 236)


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture by path, or a note where there is none; `caption` stands below."""

    picture: Path | None
    note: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Tiles by row, all rows equally long, None where there is nothing to show. Labels may be empty."""

    rows: Sequence[Sequence[Tile | None]]
    title: str = ""
    column_labels: Sequence[str] = ()
    row_labels: Sequence[str] = ()


def draw(sheet: Sheet) -> bytes:
    """Return the PNG of a sheet. Pictures keep their proportions; long labels are wrapped, very long ones cut."""
    texts = [sheet.title, *sheet.column_labels, *sheet.row_labels]
    texts += [text for row in sheet.rows for tile in row if tile for text in (tile.caption, tile.note)]
    font = font_for(texts, _TEXT)
    columns = max((len(row) for row in sheet.rows), default=0)
    pictures = [[_thumbnail(tile, _side(len(sheet.rows) * columns)) for tile in row] for row in sheet.rows]
    sizes = [picture.size for row in pictures for picture in row if picture is not None]
    width = max(_LEAST_TILE, *(size[0] for size in sizes)) if sizes else TILE
    height = max(_LEAST_TILE, *(size[1] for size in sizes)) if sizes else TILE

    title = _wrap(sheet.title, font, max(columns * (width + _GAP), 3 * _LABEL))
    heads = [_wrap(label, font, width) for label in sheet.column_labels]
    sides = [_wrap(label, font, _LABEL) for label in sheet.row_labels]
    captions = [[_wrap(tile.caption, font, width) if tile else [] for tile in row] for row in sheet.rows]
    line = _line_height(font)
    left = _MARGIN + (max(int(font.getlength(text)) for label in sides for text in label) + _GAP if any(sides) else 0)
    head_top = _MARGIN + (len(title) * line + _GAP if title else 0)
    top = head_top + (max(map(len, heads)) * line + _SPACING if any(heads) else 0)
    depths = [height + (max(map(len, row)) * line + _SPACING if any(row) else 0) + _GAP for row in captions]
    wide = max(left + columns * (width + _GAP) - _GAP, *(int(font.getlength(text)) + _MARGIN for text in title or [""]))

    image = Image.new("RGB", (wide + _MARGIN, top + sum(depths) - _GAP + _MARGIN), _PAPER)
    pen = _Pen(ImageDraw.Draw(image), font, line)
    pen.lines(_MARGIN, _MARGIN, title)
    for column, label in enumerate(heads):
        pen.lines(left + column * (width + _GAP), top - _SPACING - len(label) * line, label)
    y = top
    for number, (row, depth) in enumerate(zip(pictures, depths, strict=True)):
        if number < len(sides):
            pen.lines(_MARGIN, y, sides[number])
        for column, picture in enumerate(row):
            tile, x = sheet.rows[number][column], left + column * (width + _GAP)
            if picture is not None:
                image.paste(picture, (x + (width - picture.width) // 2, y + (height - picture.height) // 2))
            elif tile is not None:
                pen.box(x, y, width, height, _wrap(tile.note, font, width - 2 * _GAP))
            pen.lines(x, y + height + _SPACING, captions[number][column])
        y += depth
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


class _Pen:
    """Writes lines of text onto a sheet."""

    def __init__(self, canvas: ImageDraw.ImageDraw, font: Font, line: int) -> None:
        self._canvas, self._font, self._line = canvas, font, line

    def lines(self, x: int, y: int, lines: Sequence[str], ink: tuple[int, int, int] = _INK) -> None:
        """Write lines below one another."""
        for number, text in enumerate(lines):
            self._canvas.text((x, y + number * self._line), text, fill=ink, font=self._font)

    def box(self, x: int, y: int, width: int, height: int, note: Sequence[str]) -> None:
        """Draw a grey box with a note, in place of a picture."""
        self._canvas.rectangle((x, y, x + width - 1, y + height - 1), fill=_EMPTY)
        self.lines(x + _GAP, y + _GAP, note, _FAINT)


def _side(tiles: int) -> int:
    """Return the longer side of a small picture for so many of them: the sheet stays within 64 million pixels."""
    return max(_LEAST_TILE, min(TILE, int(sqrt(_MOST_PIXELS / max(tiles, 1)))))


def _thumbnail(tile: Tile | None, side: int) -> Image.Image | None:
    """Return a picture made small on white, None for one that is damaged or too large; small ones stay as they are."""
    if tile is None or tile.picture is None:
        return None
    try:
        with Image.open(tile.picture) as opened:
            picture = opened.convert("RGBA") if "A" in opened.getbands() else opened.convert("RGB")
    except UNREADABLE:
        return None
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    if picture.mode == "RGBA":
        paper = Image.new("RGBA", picture.size, (*_PAPER, 255))
        picture = Image.alpha_composite(paper, picture).convert("RGB")
    return picture


def _line_height(font: Font) -> int:
    _, top, _, bottom = font.getbbox("Ág")
    return int(bottom - min(top, 0)) + 3


def _wrap(text: str, font: Font, width: int) -> list[str]:
    """Return the lines of a text, broken between words, and within those that are too long; cut after a few."""
    lines: list[str] = []
    text = readable(text, font)
    for paragraph in text[:_MOST_TEXT].split("\n"):
        line = ""
        for word in paragraph.split():
            candidate = f"{line} {word}" if line else word
            if font.getlength(candidate) <= width:
                line = candidate
                continue
            if line:
                lines.append(line)
            while font.getlength(word) > width and len(word) > 1:
                fits = next((n - 1 for n in range(2, len(word)) if font.getlength(word[:n]) > width), len(word) - 1)
                lines.append(word[:fits])
                word = word[fits:]
            line = word
        if line:
            lines.append(line)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], _cut(lines[_MOST_LINES - 1], font, width)]
    return lines


def _cut(line: str, font: Font, width: int) -> str:
    while line and font.getlength(line + "…") > width:
        line = line[:-1]
    return line + "…"
