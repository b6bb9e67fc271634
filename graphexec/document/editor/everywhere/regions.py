"""Which nodes a broadcast may reach by where they lie: frames around nodes, and their colours."""

from __future__ import annotations

from collections.abc import Iterable

from graphexec.document.editor.model import Box, EditorNode, Frame

TITLE_HEIGHT = 30.0
"""The bar above a node's box, in canvas units."""


def frames_of(node: EditorNode, frames: Iterable[Frame]) -> frozenset[int]:
    """Return the indices of the frames of a node's graph that hold the node's centre, as the editor has it."""
    if node.box is None:
        return frozenset()
    x = node.box.x + node.box.width / 2
    y = node.box.y + (node.box.height - TITLE_HEIGHT) / 2
    return frozenset(
        index for index, frame in enumerate(frames) if frame.scope == node.scope and _holds(frame.box, x, y)
    )


def _holds(box: Box, x: float, y: float) -> bool:
    return box.x <= x < box.x + box.width and box.y <= y < box.y + box.height
