"""A sketch as an SVG picture that stands on its own: no fonts, scripts or other files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape

from graphexec.diagnostics.sanitize import cells, visible
from graphexec.graph.layout import Item, lay_out
from graphexec.graph.sketch import Arrow, Box, Sketch

WIDTH, COLUMN = 190.0, 270.0
"""Width of a box, and the distance of two columns, in SVG units (pixels at 100 %)."""
HEADER, ROW, GAP, MARGIN = 40.0, 16.0, 22.0, 20.0
CAPTION = 27
"""Terminal columns of text that fit in a box."""

_COLOURS = {
    "MODEL": "#8e7cc3", "CLIP": "#c9a400", "VAE": "#d9534f", "CONDITIONING": "#e08a2c", "LATENT": "#d16ba5",
    "IMAGE": "#4a90d9", "MASK": "#5aa35a", "CONTROL_NET": "#3aa99f",
}  # fmt: skip
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def svg(drawn: Sketch) -> str:
    """Return the SVG text of a sketch."""
    heights = {box.id: HEADER + ROW * max(len(box.inputs), len(box.outputs), 0) for box in drawn.boxes}
    layout = lay_out(drawn, heights, GAP)
    left = {item: index * COLUMN for index, column in enumerate(layout.columns) for item in column}
    boxes = {box.id: box for box in drawn.boxes}
    width = max(len(layout.columns) - 1, 0) * COLUMN + WIDTH + 2 * MARGIN
    height = max((layout.tops[id] + heights[id] for id in boxes), default=0.0) + 2 * MARGIN
    body = [
        *(_curve(arrow, route, layout.tops, left) for arrow, route in zip(drawn.arrows, layout.routes, strict=True)),
        *(line for box in drawn.boxes for line in _box(box, left[box.id], layout.tops[box.id], heights[box.id])),
    ]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
            f'viewBox="{-MARGIN:g} {-MARGIN:g} {width:g} {height:g}" font-family="sans-serif" font-size="11">',
            f'<rect x="{-MARGIN:g}" y="{-MARGIN:g}" width="{width:g}" height="{height:g}" fill="#ffffff"/>',
            *body,
            "</svg>",
        )
    )


def _box(box: Box, x: float, y: float, height: float) -> Iterator[str]:
    yield f'<g transform="translate({x:g} {y:g})">'
    yield f"<title>{_text(f'{box.id}: {box.type}')}</title>"
    yield f'<rect width="{WIDTH:g}" height="{height:g}" rx="6" fill="#f6f6f4" stroke="#55555a"/>'
    yield f'<text x="8" y="16" font-weight="bold">{_text(_cut(box.title))}</text>'
    yield f'<text x="8" y="30" fill="#77777c">{_text(_cut(f"{box.id}: {box.type}"))}</text>'
    for index, name in enumerate(box.inputs):
        yield f'<text x="8" y="{_row(index) + 4:g}">{_text(_cut(name, 16))}</text>'
    for index, name in enumerate(box.outputs):
        yield f'<text x="{WIDTH - 8:g}" y="{_row(index) + 4:g}" text-anchor="end">{_text(_cut(name, 14))}</text>'
    yield "</g>"


def _curve(arrow: Arrow, route: tuple[Item, ...], tops: Mapping[Item, float], left: Mapping[Item, float]) -> str:
    """Return a smooth line from port to port through the bends of its route."""
    x, y = left[arrow.source] + WIDTH, tops[arrow.source] + _row(arrow.output)
    path = [f"M{x:g} {y:g}"]
    for item in route[1:-1]:
        path.append(_bow(x, y, left[item], tops[item]))
        x, y = left[item] + WIDTH, tops[item]
        path.append(f"H{x:g}")
    path.append(_bow(x, y, left[arrow.target], tops[arrow.target] + _row(arrow.input)))
    colour = _COLOURS.get(arrow.type, "#8a8a90")
    return f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


def _bow(x: float, y: float, to_x: float, to_y: float) -> str:
    reach = max(abs(to_x - x) / 2, 30.0)
    return f"C{x + reach:g} {y:g} {to_x - reach:g} {to_y:g} {to_x:g} {to_y:g}"


def _row(index: int) -> float:
    return HEADER + ROW * index + 2


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", visible(text)))


def _cut(text: str, limit: int = CAPTION) -> str:
    used = 0
    for index, character in enumerate(text):
        used += cells(character)
        if used > limit:
            return text[:index] + "…"
    return text
