"""Reroute and Reroute (rgthree): a bend in a line. Native reroutes bend lines without nodes and need nothing here."""

from __future__ import annotations

from graphexec.document.editor.model import EditorGraph
from graphexec.document.editor.schemas import Interfaces

_TYPES = frozenset({"Reroute", "Reroute (rgthree)"})


def mark_reroutes(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Make aliases of reroutes. Their own mode has no effect."""
    return graph.with_nodes(
        node.with_(alias=True) if node.type in _TYPES and not schemas.foreign(node.type) else node
        for node in graph.nodes.values()
    )
