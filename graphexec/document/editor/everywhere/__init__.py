"""Use Everywhere: nodes that send a value to every matching input that nothing else feeds."""

from __future__ import annotations

from dataclasses import replace

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place, Related
from graphexec.diagnostics.sanitize import shown
from graphexec.document.editor.everywhere.broadcasts import Broadcast, broadcasts
from graphexec.document.editor.everywhere.matching import Matcher
from graphexec.document.editor.everywhere.recipients import Recipient, recipients
from graphexec.document.editor.model import EditorGraph, EditorNode, Origin
from graphexec.document.editor.schemas import Interfaces


def connect_broadcasts(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Link inputs to what is sent to them. The senders stay: in a prompt they are nodes that do nothing.

    Real links count first, then what the extension recorded when the file was saved (`extra.ue_links`), then the
    rules: of the broadcasts that reach an input the one of highest priority. Several of the same priority are an
    error that names them.
    """
    sent = list(broadcasts(graph))
    if not sent:
        return graph
    found: list[Diagnostic] = []
    links = dict(_decided(graph, schemas, sent, found))
    return graph.with_nodes((_linked(node, links) for node in graph.nodes.values()), found)


def _decided(
    graph: EditorGraph, schemas: Interfaces, sent: list[Broadcast], found: list[Diagnostic]
) -> list[tuple[tuple[str, int], Origin]]:
    matcher = Matcher(graph, lambda node: _display_title(node, schemas))
    recorded = {(entry.target, entry.target_slot): entry.origin for entry in graph.broadcasted}
    links = []
    for recipient in recipients(graph):
        key = recipient.node.id, recipient.index
        origin = recorded.get(key)
        if origin is not None and origin.node in graph.nodes and origin.type == recipient.slot.type:
            links.append((key, origin))
            continue
        best = matcher.best(sent, recipient)
        if len({(b.origin.node, b.origin.slot) for b in best}) > 1:
            found.append(_ambiguous(recipient, best))
        elif best:
            links.append((key, best[0].origin))
    for (id, pattern), reason in matcher.bad.items():
        message = f"node {id} restricts by {shown(pattern)}: {reason}"
        found.append(codes.report(codes.BAD_PATTERN, message, Place(graph.nodes[id].path), node=id))
    return links


def _linked(node: EditorNode, links: dict[tuple[str, int], Origin]) -> EditorNode:
    if not any((node.id, k) in links for k in range(len(node.inputs))):
        return node
    slots = (replace(slot, origin=links.get((node.id, k), slot.origin)) for k, slot in enumerate(node.inputs))
    return node.with_(inputs=tuple(slots))


def _display_title(node: EditorNode, schemas: Interfaces) -> str:
    spec = schemas.find(node.type)
    return spec.display_name if spec and spec.display_name else node.shown_title


def _ambiguous(recipient: Recipient, best: list[Broadcast]) -> Diagnostic:
    node, slot = recipient.node, recipient.slot
    names = [f"node {b.sender.id} ({b.sender.type})" for b in best]
    message = f"{slot.name} of node {node.id} ({node.type}) is offered a {slot.type} by {' and by '.join(names)}"
    return codes.report(
        codes.AMBIGUOUS_BROADCAST,
        message,
        Place(slot.path),
        hint="link the input, or restrict one of them, or give it another priority",
        node=node.id,
        input=slot.name,
        related=tuple(Related(name, Place(b.sender.path)) for name, b in zip(names, best)),
    )
