"""Document and node types to a checked graph: every finding at once, a graph only where nothing stops it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphexec.collector import collector_paused
from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Severity
from graphexec.diagnostics.sanitize import shown
from graphexec.diagnostics.suggest import nearest
from graphexec.diagnostics.summary import has_errors
from graphexec.document.model import Document, Link, NodeDecl, Target
from graphexec.graph.cycles import report_cycles
from graphexec.graph.dead_ends import live_targets
from graphexec.graph.inputs import bind
from graphexec.graph.links import check_dangling
from graphexec.graph.lint import lint
from graphexec.graph.model import Graph, GraphNode, GraphTarget
from graphexec.graph.naming import did_you_mean, id_text, type_place
from graphexec.graph.order import depth_first, needed_by
from graphexec.graph.scope import Interface, NodeTypes, Scope
from graphexec.graph.targets import excuse, resolve_targets, unused
from graphexec.ports import Files
from graphexec.registry.catalogue import PROVIDER as CORE

LARGE = 10_000
"""Nodes from which on the garbage collector is out of the way."""


def build(
    document: Document,
    registry: NodeTypes,
    *,
    targets: Sequence[Target] | None = None,
    files: Files | None = None,
    models_required: bool = False,
    earlier: Sequence[Diagnostic] = (),
    notes: bool = True,
) -> tuple[Graph | None, list[Diagnostic]]:
    """Check a document and return its graph, or None when an error stands in the way, and all findings.

    `targets` are what the caller asks for, in place of the file's. Then the errors of nodes that they do not
    need become notes, and the graph is without those nodes; otherwise every error counts, but for documents of the
    editor (`Document.partial`), whose outputs are the targets then. `files` looks up models and inputs; a missing one
    is an error with `models_required`, else a warning. `earlier` are findings about the same file from before (the
    reader's), which count and are returned like the others. Without `notes` nobody is told of unused nodes.
    """
    with collector_paused(len(document.nodes) > LARGE):
        return _build(document, registry, targets, files, models_required, earlier, notes)


def _build(
    document: Document,
    registry: NodeTypes,
    targets: Sequence[Target] | None,
    files: Files | None,
    models_required: bool,
    earlier: Sequence[Diagnostic],
    notes: bool,
) -> tuple[Graph | None, list[Diagnostic]]:
    scope = Scope(document, registry, files, Severity.ERROR if models_required else Severity.WARNING)
    scope.interfaces = _interfaces(scope)
    nodes, upstream = _bind_all(scope)
    chosen = resolve_targets(scope, targets)
    if not chosen and not document.targets and targets is None and not _may_lack_nodes(scope, earlier):
        scope.found.append(codes.report(codes.NO_OUTPUT, "the workflow has no output node, so nothing would run"))
    if document.partial and targets is None:
        chosen = live_targets(scope, chosen, upstream)
    order, cyclic = depth_first(upstream, [target.node for target in chosen])
    if cyclic:
        report_cycles(scope, upstream)
    graph = _graph(document, nodes, upstream, order, cyclic, chosen)
    scope.found += lint(scope, filter(None, map(nodes.__getitem__, order)))
    findings = [*earlier, *scope.found]
    roots = [target.node for target in chosen]
    if (targets is not None or document.partial) and findings:
        findings = excuse(findings, needed_by(roots, _linked(document)) | _counted(scope, targets, earlier))
    if has_errors(findings) or not graph.nodes.keys() >= set(roots):  # a fault may have been reported elsewhere
        return None, findings
    if notes and targets is None:
        findings += unused(scope, needed_by(roots, upstream), {need for needs in upstream.values() for need in needs})
    return graph, findings


def _linked(document: Document) -> dict[str, Sequence[str]]:
    """Return what each node is linked to, rightly or wrongly."""
    return {
        id: [value.node for value in decl.inputs.values() if isinstance(value, Link) and value.node in document.nodes]
        for id, decl in document.nodes.items()
    }


def _counted(scope: Scope, targets: Sequence[Target] | None, earlier: Sequence[Diagnostic]) -> set[str]:
    """Return the nodes of the editor whose findings count, whatever the targets are.

    Some are not nodes of the document any more; and one of an unknown type, with all it needs, may be an output.
    """
    document = scope.document
    if not document.partial:
        return set()
    gone = {finding.node for finding in earlier if finding.node is not None} - document.nodes.keys()
    unknown = document.nodes.keys() - scope.interfaces.keys() if targets is None else ()
    return gone | needed_by(unknown, _linked(document))


def _may_lack_nodes(scope: Scope, earlier: Sequence[Diagnostic]) -> bool:
    """Whether output nodes may be among those that could not be read or are of unknown types (reported already)."""
    return has_errors(earlier) or len(scope.interfaces) < len(scope.document.nodes)


def _interfaces(scope: Scope) -> dict[str, Interface]:
    """Find the type of every node; report those that are unknown or cannot run."""
    by_type: dict[str, Interface | None] = {}
    hints: dict[str, str] = {}
    result: dict[str, Interface] = {}
    for id, decl in scope.document.nodes.items():
        if decl.type not in by_type:
            spec = scope.types.get(decl.type) or scope.types.known(decl.type)
            by_type[decl.type] = Interface.of(spec) if spec else None
            if spec is None:
                hints[decl.type] = _unknown_hint(scope, decl.type)
        interface = by_type[decl.type]
        if interface is None:
            _report_unknown(scope, decl, hints[decl.type])
            continue
        result[id] = interface
    missing = {type: known for type, known in by_type.items() if known and known.spec.function is None}
    if missing:
        scope.interfaces = result
        _report_unimplemented(scope, missing)
    return result


def _report_unimplemented(scope: Scope, missing: Mapping[str, Interface]) -> None:
    """Report every node that is known and cannot run; with several types, each finding lists them all."""
    types = ", ".join(shown(type)[1:-1] for type in sorted(missing))
    listed = f"{len(missing)} types in this file are not implemented: {types}" if len(missing) > 1 else None
    for decl in scope.document.nodes.values():
        if decl.type not in missing:
            continue
        spec = missing[decl.type].spec
        if spec.provider == CORE:
            said = "known ComfyUI node, not implemented by this version"
        else:
            said = f"known only by its schema in {spec.provider}"
        hints = filter(None, (None if spec.provider == CORE else "load its pack with --nodes PATH", listed))
        scope.found.append(
            codes.report(
                codes.UNIMPLEMENTED_NODE,
                f"{scope.label(decl.id)}: {said}",
                type_place(decl),
                hint="; ".join(hints) or None,
                node=decl.id,
            )
        )


def _unknown_hint(scope: Scope, type: str) -> str:
    close = nearest(type, (*scope.types.names(), *scope.types.known_names()))
    return did_you_mean(close) or "load the node pack that provides it with --nodes PATH"


def _report_unknown(scope: Scope, decl: NodeDecl, hint: str) -> None:
    message = f"node {id_text(decl.id)} is of the unknown type {shown(decl.type)}"
    scope.found.append(codes.report(codes.UNKNOWN_NODE_TYPE, message, type_place(decl), hint=hint, node=decl.id))


def _bind_all(scope: Scope) -> tuple[dict[str, GraphNode | None], dict[str, Sequence[str]]]:
    """Check every node; return the sound ones (None for others), and what each needs, sound or not.

    A node that is merely not implemented is sound: advice can be given about what lies around it.
    """
    nodes: dict[str, GraphNode | None] = {}
    upstream: dict[str, Sequence[str]] = {}
    known = scope.document.nodes
    for id, decl in known.items():
        interface = scope.interfaces.get(id)
        if interface is not None:
            nodes[id], upstream[id] = bind(scope, decl, interface)
        else:
            check_dangling(scope, decl)
            nodes[id] = None
            upstream[id] = tuple([v.node for v in decl.inputs.values() if isinstance(v, Link) and v.node in known])
    return nodes, upstream


def _graph(
    document: Document,
    nodes: Mapping[str, GraphNode | None],
    upstream: Mapping[str, Sequence[str]],
    order: Sequence[str],
    cyclic: bool,
    targets: tuple[GraphTarget, ...],
) -> Graph:
    """Return the graph of the nodes that are free of errors and need only such; no node of a cycle is among them."""
    sound = {id: node for id, node in nodes.items() if node is not None and node.spec.function is not None}
    if cyclic or len(sound) < len(nodes):
        complete: set[str] = set()
        for id in order:
            if id in sound and complete.issuperset(upstream[id]):
                complete.add(id)
        sound = {id: node for id, node in sound.items() if id in complete}
        order = [id for id in order if id in complete]
    return Graph(document, sound, tuple(order), targets)
