"""Where the editor draws nodes: sizes by what they show, and places by columns in the direction of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphexec.document.editor.schemas import is_widget
from graphexec.graph.layout import lay_out
from graphexec.graph.outline import Outline
from graphexec.graph.sketch import Sketch
from graphexec.registry.spec import NodeSpec

Pair = Sequence[float]

# What LiteGraph draws, in units of the canvas.
_TITLE = 30
_SLOT = 20
_WIDGET = 24
_TEXT = 96
_PREVIEW = 240
_PADDING = 14
_LETTER = 8.0
_WIDTHS = (225, 420)
_GAP = 40
_BETWEEN = 80

_MOST_BENDS = 2000
"""Room is kept for so many crossings of columns by links; the editor draws links behind the nodes anyway."""


@dataclass(frozen=True, slots=True)
class Place:
    """Upper left corner below the title bar, and size, of a node."""

    position: tuple[float, float]
    size: tuple[float, float]


def places(drawn: Sketch, outlined: Outline, sockets: Mapping[str, tuple[int, int]]) -> dict[str, Place]:
    """Return the place of each node; `sockets` are its numbers of inputs and outputs with a dot."""
    sizes = {box.id: _size(outlined, box.id, box.title, sockets[box.id]) for box in drawn.boxes}
    layout = lay_out(drawn, {id: height + _TITLE for id, (_, height) in sizes.items()}, _GAP, _MOST_BENDS)
    found: dict[str, Place] = {}
    left = 0.0
    for column in layout.columns:
        boxes = [item for item in column if isinstance(item, str)]
        for id in boxes:
            found[id] = Place((left, round(layout.tops[id] + _TITLE)), sizes[id])
        left += max((sizes[id][0] for id in boxes), default=0) + _BETWEEN
    return found


def _size(outlined: Outline, id: str, title: str, sockets: tuple[int, int]) -> tuple[float, float]:
    interface = outlined.interface(id)
    literals = outlined.nodes[id].literals
    texts = [name for name, value in literals.items() if isinstance(value, str) and "\n" in value]
    rows = len(literals)
    if interface is not None:
        widgets = [declared for declared in interface.spec.inputs if is_widget(declared)]
        rows = len(widgets)
        texts = [declared.name for declared in widgets if declared.options.get("multiline")]
    height = max(*sockets, 1) * _SLOT + (rows - len(texts)) * _WIDGET + len(texts) * _TEXT + _PADDING
    if interface is not None and _shows_picture(interface.spec):
        height += _PREVIEW
    least, most = _WIDTHS
    width = most if texts else min(max(least, round(len(title) * _LETTER) + 40), most)
    return width, height


def _shows_picture(spec: NodeSpec) -> bool:
    loads = any(declared.options.get("image_upload") for declared in spec.inputs)
    return loads or (spec.output_node and any(declared.type == "IMAGE" for declared in spec.inputs))
