"""Set and Get nodes, which carry a value under a name, and gcLatentTunnel, which hands its latent on."""

from __future__ import annotations

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.diagnostics.sanitize import shown
from graphexec.diagnostics.suggest import nearest
from graphexec.document.editor.model import EditorGraph, EditorNode, InputSlot, Mode, Origin
from graphexec.document.editor.schemas import WILDCARD, Interfaces

_SETTERS = {"SetNode": "GetNode", "easy setNode": "easy getNode"}
_GETTERS = frozenset(_SETTERS.values())
_LATENT_TUNNEL = "gcLatentTunnel"


def mark_latent_tunnels(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Make aliases of gcLatentTunnel nodes (ntdviet/comfyui-ext): they free memory and return their latent.

    Not where a pack provides the type. A muted tunnel is muted.
    """
    if schemas.foreign(_LATENT_TUNNEL):
        return graph
    return graph.with_nodes(
        node.with_(alias=True) if node.type == _LATENT_TUNNEL and node.mode is not Mode.MUTED else node
        for node in graph.nodes.values()
    )


def connect_tunnels(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Make aliases of Set and Get nodes: a Get node passes what the Set node of its name in its graph gets.

    Where its own graph has none, the graphs around it are searched, from the inside out. Of two Set nodes of one
    name the first counts, as in the editor.
    """
    setters: dict[tuple[str, str, str], EditorNode] = {}
    for node in graph.nodes.values():
        if node.type in _SETTERS and isinstance(node.saved_value(0), str):
            setters.setdefault((_SETTERS[node.type], node.scope, node.saved_value(0)), node)
    found: list[Diagnostic] = []
    nodes = []
    for node in graph.nodes.values():
        if node.type in _SETTERS:
            node = node.with_(alias=True)
        elif node.type in _GETTERS:
            node = _connected(node, setters, found)
        nodes.append(node)
    return graph.with_nodes(nodes, found)


def _connected(
    node: EditorNode, setters: dict[tuple[str, str, str], EditorNode], found: list[Diagnostic]
) -> EditorNode:
    name = node.saved_value(0)
    setter = next(
        (setters[node.type, scope, name] for scope in scopes(node.scope) if (node.type, scope, name) in setters), None
    )
    if setter is None:
        names = [other for kind, _, other in setters if kind == node.type]
        hint = _suggestion(name, names)
        message = f"no Set node sets {shown(name)}, which this Get node reads"
        found.append(codes.report(codes.UNPAIRED_TUNNEL, message, Place(node.path), hint=hint, node=node.id))
        return node.with_(inputs=(), alias=True)
    slot = InputSlot("", WILDCARD, node.path, Origin(setter.id, 0))
    return node.with_(inputs=(slot,), alias=True)


def scopes(scope: str) -> list[str]:
    """Return a scope and those around it, innermost first: `a:b:`, `a:`, and the root."""
    parts = scope.split(":")[:-1]
    return ["".join(f"{part}:" for part in parts[:n]) for n in range(len(parts), -1, -1)]


def _suggestion(name: object, names: list[str]) -> str | None:
    similar = nearest(name, names) if isinstance(name, str) else []
    return f"did you mean {shown(similar[0])}?" if similar else None
