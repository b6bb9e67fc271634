"""Drawings of a workflow: Mermaid and DOT as text for other programs, SVG as a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias, get_args

from graphexec.diagnostics.sanitize import visible
from graphexec.document.model import Document
from graphexec.graph.scope import NodeTypes
from graphexec.graph.sketch import Box, Sketch, sketch

DrawingFormat: TypeAlias = Literal["mermaid", "dot", "svg"]
DRAWING_FORMATS: tuple[DrawingFormat, ...] = get_args(DrawingFormat)

_MERMAID_SPECIAL = re.compile(r"[^\w .,:/+=()\-]")


def draw(document: Document, types: NodeTypes, format: DrawingFormat = "mermaid") -> str:
    """Return a drawing of a document; `types` names its outputs. The document may have errors."""
    drawn = sketch(document, types)
    match format:
        case "mermaid":
            return "\n".join(_mermaid(drawn))
        case "dot":
            return "\n".join(_dot(drawn))
        case "svg":
            from graphexec.graph.svg import svg

            return svg(drawn)


def _mermaid(drawn: Sketch) -> Iterator[str]:
    """Yield a Mermaid flowchart; ids are numbered, since those of the file may be anything."""
    numbers = {box.id: f"n{index}" for index, box in enumerate(drawn.boxes)}
    boxes = {box.id: box for box in drawn.boxes}
    yield "flowchart LR"
    for box in drawn.boxes:
        yield f'    {numbers[box.id]}["{"<br/>".join(map(_mermaid_text, _caption(box)))}"]'
    for arrow in drawn.arrows:
        name = _mermaid_text(boxes[arrow.target].inputs[arrow.input])
        yield f'    {numbers[arrow.source]} -->|"{name}"| {numbers[arrow.target]}'


def _mermaid_text(text: str) -> str:
    return _MERMAID_SPECIAL.sub(lambda match: f"#{ord(match[0])};", visible(text))


def _dot(drawn: Sketch) -> Iterator[str]:
    """Yield a Graphviz digraph."""
    boxes = {box.id: box for box in drawn.boxes}
    yield "digraph workflow {"
    yield "    rankdir=LR;"
    yield "    node [shape=box];"
    for box in drawn.boxes:
        label = "\\n".join(map(_dot_text, _caption(box)))
        yield f'    "{_dot_text(box.id)}" [label="{label}"];'
    for arrow in drawn.arrows:
        name = _dot_text(boxes[arrow.target].inputs[arrow.input])
        yield f'    "{_dot_text(arrow.source)}" -> "{_dot_text(arrow.target)}" [label="{name}"];'
    yield "}"


def _dot_text(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')


def _caption(box: Box) -> tuple[str, ...]:
    return (box.title, f"{box.id}: {box.type}") if box.title != box.type else (f"{box.id}: {box.type}",)
