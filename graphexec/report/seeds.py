"""The seeds of a workflow: what editors offer to vary between runs."""

from __future__ import annotations

from graphexec.graph.model import Graph


def seeds(graph: Graph) -> dict[str, int]:
    """Return the literal seeds of a graph by `node.input`: inputs that the editor's 'control after generate' varies."""
    return {
        f"{node.id}.{spec.name}": node.params[spec.name]
        for node in graph.nodes.values()
        for spec in node.spec.inputs
        if spec.options.get("control_after_generate") and isinstance(node.params.get(spec.name), int)
    }
