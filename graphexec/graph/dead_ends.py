"""Outputs that cannot run for want of a link, in files of the editor: skipped there, so skipped here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphexec.diagnostics import codes
from graphexec.graph.model import GraphTarget
from graphexec.graph.naming import node_place
from graphexec.graph.order import needed_by
from graphexec.graph.scope import Scope


def live_targets(
    scope: Scope, targets: tuple[GraphTarget, ...], upstream: Mapping[str, Sequence[str]]
) -> tuple[GraphTarget, ...]:
    """Return the targets that miss nothing, with a warning for each of the others; all of them if none is left.

    A muted node takes its links with it. ComfyUI then skips the outputs behind it and runs the others.
    """
    missing = {f.node: f.input for f in scope.found if f.code == codes.MISSING_INPUT and f.node}
    if not missing:
        return targets
    live, dead = [], []
    for target in targets:
        lacking = sorted(missing.keys() & needed_by([target.node], upstream))
        if lacking:
            dead.append((target, lacking[0]))
        else:
            live.append(target)
    if not live:
        return targets
    for target, lacking_node in dead:
        message = f"{scope.label(target.node)} is skipped: nothing feeds {missing[lacking_node]} of node {lacking_node}"
        place = node_place(scope.document.nodes[target.node])
        scope.found.append(codes.report(codes.SKIPPED_OUTPUT, message, place, node=target.node))
    return tuple(live)
