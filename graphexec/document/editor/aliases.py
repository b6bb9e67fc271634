"""Aliases disappear: an input that is fed by one is fed by whatever feeds the alias, however long the chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.document.editor.model import EditorGraph, EditorNode, InputSlot, Origin, Value
from graphexec.document.editor.schemas import Interfaces


def dissolve_aliases(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Link every input past the aliases before it, and drop the aliases.

    Output k of an alias is what its input k gets; where that is nothing, the value of the outermost promoted widget
    takes its place, and else the input counts as not connected. Aliases that feed each other are an error.
    """
    aliases = {id: node for id, node in graph.nodes.items() if node.alias}
    if not aliases:
        return graph
    resolver = _Resolver(aliases)
    nodes = [node.map_inputs(resolver.past_aliases) for node in graph.nodes.values() if not node.alias]
    return graph.with_nodes(nodes, resolver.found)


class _Resolver:
    """Follows chains of aliases, each link of them once."""

    def __init__(self, aliases: Mapping[str, EditorNode]) -> None:
        self._aliases = aliases
        self._known: dict[tuple[str, int], Origin | Value | None] = {}
        self.found: list[Diagnostic] = []

    def past_aliases(self, slot: InputSlot) -> InputSlot:
        """Return the slot with its true origin, or with the constant that a promoted widget gives it."""
        if slot.origin is None or slot.origin.node not in self._aliases:
            return slot
        end = self._end(slot.origin)
        if isinstance(end, Value):
            return replace(slot, origin=None, constant=end)
        return replace(slot, origin=end)

    def _end(self, origin: Origin) -> Origin | Value | None:
        passed: dict[tuple[str, int], Value | None] = {}
        here: Origin | Value | None = origin
        while isinstance(here, Origin) and here.node in self._aliases:
            key = here.node, here.slot
            if key in self._known:
                here = self._known[key]
            elif key in passed:
                self._report_loop(here.node)
                here = None
            else:
                inputs = self._aliases[here.node].inputs
                entry = inputs[here.slot] if here.slot < len(inputs) else None
                passed[key] = entry.constant if entry else None
                here = entry.origin if entry else None
        for key, constant in reversed(passed.items()):
            here = here or constant
            self._known[key] = here
        return here

    def _report_loop(self, id: str) -> None:
        node = self._aliases[id]
        self.found.append(codes.report(codes.CYCLE, f"{node.type} {id} feeds itself", Place(node.path), node=id))
