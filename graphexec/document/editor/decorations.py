"""Nodes that only the editor has: notes and labels, and switches whose effect is already in other nodes' modes."""

from __future__ import annotations

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.document.editor.model import EditorGraph, Mode
from graphexec.document.editor.schemas import Interfaces

_NOTES = frozenset({"Note", "MarkdownNote", "Label (rgthree)", "Bookmark (rgthree)"})
_REPEATER = "Mute / Bypass Repeater (rgthree)"
_SWITCHES = frozenset(
    {
        _REPEATER,
        "Mute / Bypass Relay (rgthree)",
        "Fast Muter (rgthree)",
        "Fast Bypasser (rgthree)",
        "Fast Groups Muter (rgthree)",
        "Fast Groups Bypasser (rgthree)",
        "Node Collector (rgthree)",
        "Node Combiner (rgthree)",
        "Fast Actions Button (rgthree)",
        "Random Unmuter (rgthree)",
    }
)
_RANDOM = "Random Unmuter (rgthree)"


def drop_notes(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Drop notes and labels."""
    return graph.without(
        id for id, node in graph.nodes.items() if node.type in _NOTES and not schemas.foreign(node.type)
    )


def drop_mode_switches(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Drop rgthree's switches and the links into them, which only name nodes: nothing depends on them.

    The modes that the file holds already are what the switches made of them, so they count as they stand. A
    repeater that says otherwise (its mode was edited in the file), and one that picks nodes at random, are
    reported.
    """
    found: list[Diagnostic] = []
    switches = [node for node in graph.nodes.values() if node.type in _SWITCHES and not schemas.foreign(node.type)]
    for node in switches:
        if node.type == _RANDOM:
            message = f"{_RANDOM} picks a node at random in the editor; here the saved modes count"
            found.append(codes.report(codes.SWITCH_IGNORED, message, Place(node.path), node=node.id))
        elif node.type == _REPEATER and node.mode is not Mode.ALWAYS:
            others = _in_other_mode(graph, node.id, node.mode)
            if others:
                message = (
                    f"the repeater is {node.mode.name.lower()}, but {', '.join(others)} is not; the saved modes count"
                )
                found.append(codes.report(codes.SWITCH_IGNORED, message, Place(node.path), node=node.id))
    return graph.without((node.id for node in switches), found)


def _in_other_mode(graph: EditorGraph, id: str, mode: Mode) -> list[str]:
    linked = (graph.nodes.get(slot.origin.node) for slot in graph.nodes[id].inputs if slot.origin)
    return [f"node {node.id}" for node in linked if node and node.mode is not mode and node.type not in _SWITCHES]
