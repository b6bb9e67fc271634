"""Findings about cycles: the nodes by name, the links with their lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Place, Related
from graphexec.document.model import Link
from graphexec.graph.naming import id_text, input_place
from graphexec.graph.scope import Scope

LONGEST_CYCLE = 24
"""Nodes of a cycle that a message names before it leaves some out."""
SHOWN_LINKS = 6
"""Links of a cycle that are shown with their lines; a longer cycle shows but the one that closes it."""


def report_cycles(scope: Scope, upstream: Mapping[str, Sequence[str]]) -> None:
    """Report one cycle of every knot of nodes that feed each other; `upstream` has what each node needs."""
    from graphexec.graph.dag import cycles

    for cycle in cycles(upstream):
        first = scope.label(cycle[0])
        message = f"{first} feeds itself" if len(cycle) == 1 else f"{len(cycle)} nodes feed each other: {_path(cycle)}"
        *others, (_, place) = [_link_between(scope, a, b) for a, b in pairwise([*cycle, cycle[0]])]
        related = tuple(Related(text, at) for text, at in others) if len(cycle) <= SHOWN_LINKS else ()
        hint = "take one of these links out" if len(cycle) > 1 else None
        scope.found.append(codes.report(codes.CYCLE, message, place, hint=hint, node=cycle[0], related=related))


def _path(cycle: Sequence[str]) -> str:
    ids = [id_text(id) for id in (*cycle, cycle[0])]
    if len(ids) > LONGEST_CYCLE:
        ids[LONGEST_CYCLE - 2 : -2] = [f"({len(ids) - LONGEST_CYCLE} more)"]
    return " → ".join(ids)


def _link_between(scope: Scope, source: str, sink: str) -> tuple[str, Place]:
    """Return the link from one node to another of a cycle as text and place."""
    decl = scope.document.nodes[sink]
    name = next(name for name, v in decl.inputs.items() if type(v) is Link and v.node == source)
    return f"{scope.label(decl.id)} takes {name} from node {id_text(source)}", input_place(decl, name)
