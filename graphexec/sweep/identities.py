"""What makes two steps of different cells the same work, as far as it can be told before anything runs."""

from __future__ import annotations

from typing import Any

from graphexec.hashing import digest
from graphexec.plan.model import Known, Plan


def identities(plan: Plan, cell: int) -> dict[str, str]:
    """Return the identity of every node of a plan: its key, or for a late one the digest of what is known of it.

    Late steps with equal identities are given equal inputs, so they will be given equal keys. A step that always
    runs is the work of its cell alone.
    """
    made: dict[str, str] = {}
    nodes = plan.graph.nodes
    for id in plan.graph.order:
        key = plan.keys.get(id)
        if key is None:
            continue
        if isinstance(key, Known):
            made[id] = key.digest
            continue
        node = nodes[id]
        links = {name: [made.get(edge.node, edge.node), edge.slot] for name, edge in node.links.items()}
        own: list[Any] = [node.spec.type, node.spec.version, dict(node.params), links]
        made[id] = digest("late", [*own, cell if node.spec.always_runs else 0])
    return made
