"""The resolved graph of the editor as a Document: literals, links, and where in the file each of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphexec.diagnostics.model import Diagnostic, Path
from graphexec.document.editor.model import EditorGraph, EditorNode
from graphexec.document.editor.own_fields import workflow_fields
from graphexec.document.model import Document, InputValue, Link, NodeDecl, Source
from graphexec.document.values import literal


def lower(
    graph: EditorGraph, source: Source, workflow: Mapping[str, Any], path: Path
) -> tuple[Document, list[Diagnostic]]:
    """Return the Document of a graph that all passes have seen, and all findings about the file.

    `workflow` is the JSON value that the graph was read from, `path` leads to it.
    """
    found = list(graph.findings)
    own, wrong = workflow_fields(workflow, graph.nodes, path)
    document = Document(
        source=source,
        nodes={node.id: _declaration(node, found) for node in graph.nodes.values()},
        workflow=workflow,
        broken=graph.broken - graph.nodes.keys(),
        partial=True,
        **own,
    )
    return document, [*found, *wrong]


def _declaration(node: EditorNode, found: list[Diagnostic]) -> NodeDecl:
    inputs: dict[str, InputValue] = {}
    places: dict[str, Path] = {}
    for name, held in (node.widgets or {}).items():
        inputs[name], places[name] = literal(held.value, node.id, name, held.path, found), held.path
    for slot in node.inputs:
        if slot.origin and slot.name:
            inputs[slot.name], places[slot.name] = Link(slot.origin.node, slot.origin.slot), slot.path
    settings = node.properties.get("graphexec")
    return NodeDecl(
        id=node.id,
        type=node.type,
        inputs=inputs,
        path=node.path,
        title=node.title,
        meta={} if settings is None else {"graphexec": settings},
        input_paths=places,
        type_path=(*node.path, "type"),
        settings_path=(*node.path, "properties", "graphexec"),
    )
