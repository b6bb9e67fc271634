"""What node packs may import from graphexec: the two helpers that ComfyUI offers to packs, of the same use.

A pack that runs on both writes

    try:
        from comfy_execution.graph import ExecutionBlocker
        from comfy_execution.graph_utils import GraphBuilder
    except ImportError:
        from graphexec.pack import ExecutionBlocker, GraphBuilder
"""

from __future__ import annotations

import secrets
from typing import Any

from graphexec.ports import Blocked as ExecutionBlocker

__all__ = ["ExecutionBlocker", "GraphBuilder", "GraphNode"]


class GraphNode:
    """A node of a graph under construction; `out` makes links to it."""

    def __init__(self, id: str, class_type: str, inputs: dict[str, Any]) -> None:
        self.id = id
        self.class_type = class_type
        self.inputs = inputs
        self._display_id: str | None = None

    def out(self, index: int) -> list[Any]:
        """Return a link to the output of this index: an input of another node, or an item of `result`."""
        return [self.id, index]

    def set_input(self, key: str, value: Any) -> None:
        """Give an input a literal or a link; None removes it."""
        if value is None:
            self.inputs.pop(key, None)
        else:
            self.inputs[key] = value

    def get_input(self, key: str) -> Any:
        """Return the literal or link of an input, or None."""
        return self.inputs.get(key)

    def set_override_display_id(self, node_id: str) -> None:
        """Report this node under another id than that of the node which expands."""
        self._display_id = node_id

    def serialize(self) -> dict[str, Any]:
        """Return the node in API form."""
        node: dict[str, Any] = {"class_type": self.class_type, "inputs": dict(self.inputs)}
        return node if self._display_id is None else node | {"override_display_id": self._display_id}


class GraphBuilder:
    """Builds what a node returns under `expand`: `{"expand": graph.finalize(), "result": (node.out(0),)}`.

    Ids are local to one builder: the runner renames them, so they never clash with those of the workflow.
    """

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = prefix or f"~{secrets.token_hex(4)}."
        self.nodes: dict[str, GraphNode] = {}

    def node(self, class_type: str, id: str | None = None, **inputs: Any) -> GraphNode:
        """Add a node of this type, or return the node already made under `id`. Inputs of None are left out."""
        full = self.prefix + (id if id is not None else str(len(self.nodes) + 1))
        if full not in self.nodes:
            given = {key: value for key, value in inputs.items() if value is not None}
            self.nodes[full] = GraphNode(full, class_type, given)
        return self.nodes[full]

    def lookup_node(self, id: str) -> GraphNode | None:
        """Return the node made under `id`, or None."""
        return self.nodes.get(self.prefix + id)

    def replace_node_output(self, node_id: str, index: int, value: Any) -> None:
        """Put `value` (a literal, a link, or None to unlink) wherever output `index` of a node is used."""
        old = [node_id, index]
        for node in self.nodes.values():
            for key in [key for key, given in node.inputs.items() if given == old]:
                node.set_input(key, value)

    def remove_node(self, id: str) -> None:
        """Take out the node made under `id`."""
        del self.nodes[self.prefix + id]

    def finalize(self) -> dict[str, Any]:
        """Return the graph in API form."""
        return {id: node.serialize() for id, node in self.nodes.items()}
