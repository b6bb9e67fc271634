"""Names of inputs as people write them: `node.input`."""

from __future__ import annotations

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic
from graphexec.document.model import Document, NodeDecl
from graphexec.document.targets import node_hint


def find_input(key: str, document: Document) -> tuple[NodeDecl, str] | Diagnostic | None:
    """Return the node and the input that a key names, or a finding (GX308).

    Of several nodes that fit, the longest id counts. None for a node that could not be read, which is reported already.
    """
    nodes = document.nodes
    dot = key.rfind(".")
    while dot > 0:
        if key[:dot] in nodes and dot + 1 < len(key):
            return nodes[key[:dot]], key[dot + 1 :]
        if key[:dot] in document.broken:
            return None
        dot = key.rfind(".", 0, dot)
    node, dotted, name = key.rpartition(".")
    if dotted and node and name:
        return codes.report(codes.BAD_OVERRIDE, f'"{key}" names no node of the file', hint=node_hint(node, nodes))
    holders = [f'"{n.id}.{key}"' for n in nodes.values() if key in n.inputs]
    hint = f"write {' or '.join(holders[:3])}" if holders else "write NODE.INPUT"
    return codes.report(codes.BAD_OVERRIDE, f'"{key}" does not name an input of a node', hint=hint)
