"""Node types and group names that changed: the editor renames them while it loads a file, and so do we."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from graphexec.document.editor.model import EditorGraph, EditorNode
from graphexec.document.editor.schemas import Interfaces

_RENAMED = {
    "T2IAdapterLoader": "ControlNetLoader",
    "ConditioningAverage ": "ConditioningAverage",
    "SDV_img2vid_Conditioning": "SVD_img2vid_Conditioning",
}


def rename_types(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Give every node, inside definitions too, the current name of its type."""
    return replace(
        graph,
        nodes={node.id: node for node in _renamed(graph.nodes.values())},
        subgraphs={id: replace(inner, nodes=_renamed(inner.nodes)) for id, inner in graph.subgraphs.items()},
        recipes={name: replace(recipe, nodes=_renamed(recipe.nodes)) for name, recipe in graph.recipes.items()},
    )


def _renamed(nodes: Iterable[EditorNode]) -> tuple[EditorNode, ...]:
    return tuple(node.with_(type=_RENAMED[node.type]) if node.type in _RENAMED else node for node in nodes)
