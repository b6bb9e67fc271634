"""What is to be computed: targets by the caller, by the file, or every output node."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place, Severity
from graphexec.diagnostics.sanitize import shown
from graphexec.document.locate import OVERRIDES
from graphexec.document.model import Target
from graphexec.document.targets import unknown_target
from graphexec.graph.links import find_output, output_hint
from graphexec.graph.model import GraphTarget
from graphexec.graph.naming import node_place
from graphexec.graph.scope import Scope


def resolve_targets(scope: Scope, asked: Sequence[Target] | None) -> tuple[GraphTarget, ...]:
    """Return the targets that exist; others are reported. Without any, every output node is one."""
    document = scope.document
    wanted = document.targets if asked is None else asked
    if not wanted and asked is None:
        return tuple(GraphTarget(id) for id, i in scope.interfaces.items() if i.spec.output_node)
    return tuple(dict.fromkeys(t for t in (_resolve(scope, target) for target in wanted) if t is not None))


def _resolve(scope: Scope, target: Target) -> GraphTarget | None:
    interface = scope.interfaces.get(target.node)
    place = Place(target.path)
    if target.node not in scope.document.nodes:
        if target.node not in scope.document.broken:
            scope.found.append(_placed(unknown_target(target.node, scope.document.nodes, place)))
        return None
    if target.output is None or interface is None:
        return GraphTarget(target.node)
    slot = find_output(interface, target.output)
    if slot is None:
        message = f"{scope.label(target.node)} has no output {shown(target.output)}"
        hint = output_hint(interface, target.output)
        scope.found.append(_placed(codes.report(codes.UNKNOWN_TARGET, message, place, hint=hint)))
        return None
    return GraphTarget(target.node, slot)


def _placed(finding: Diagnostic) -> Diagnostic:
    """Return a finding about a target, which is not in the file when it has no place there."""
    return finding if finding.place.path else replace(finding, file=OVERRIDES)


def excuse(findings: Iterable[Diagnostic], needed: set[str]) -> list[Diagnostic]:
    """Return the findings with those of nodes that no target needs made notes: they cannot stop the run.

    That an output is skipped stays a warning.
    """
    return [
        replace(f, severity=Severity.NOTE)
        if f.node is not None and f.node not in needed and f.code != codes.SKIPPED_OUTPUT
        else f
        for f in findings
    ]


def unused(scope: Scope, needed: set[str], consumed: set[str]) -> Iterable[Diagnostic]:
    """Yield a note for every end of a branch that no target needs; `consumed` are nodes that feed another."""
    for id, decl in scope.document.nodes.items():
        if id not in needed and id not in consumed:
            yield codes.report(
                codes.UNREACHABLE_NODE,
                f"{scope.label(decl.id)} is not needed by any target, so it does not run",
                node_place(decl),
                node=id,
            )
