"""The graph as ComfyUI's API prompt: what a picture carries as metadata, and what nodes get as PROMPT."""

from __future__ import annotations

from typing import Any

from graphexec.document.model import Link, NodeDecl, ParameterRef, Unreadable
from graphexec.graph.model import Graph, GraphNode


def api_prompt(graph: Graph) -> dict[str, Any]:
    """Return `{id: {"inputs", "class_type", "_meta"}}` of all nodes of the graph, in file order.

    Links are `[id, index]`, also where the file names outputs. Literals are those that the nodes get (8 for a
    FLOAT is 8.0); undeclared ones are kept as the file has them, but links that the graph dropped are left out.
    A list is wrapped as `{"__value__": [...]}`, as the editor writes it, since a bare one reads as a link.
    """
    return {id: _entry(graph.document.nodes[id], node) for id, node in graph.nodes.items()}


def _entry(decl: NodeDecl, node: GraphNode) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "inputs": {
            name: _value(node, name, value)
            for name, value in decl.inputs.items()
            if name in node.links or not isinstance(value, Link)
        },
        "class_type": decl.type,
    }
    if decl.meta or decl.title is not None:
        entry["_meta"] = {**decl.meta, "title": decl.title} if decl.title is not None else dict(decl.meta)
    return entry


def _value(node: GraphNode, name: str, value: Any) -> Any:
    match value:
        case Link():
            edge = node.links[name]
            return [edge.node, edge.slot]
        case ParameterRef() | Unreadable():
            raise TypeError(f"input {name!r} of node {node.id!r} has no value: it does not belong to a built graph")
        case list():
            return {"__value__": node.params.get(name, value)}
        case _:
            return node.params.get(name, value)
