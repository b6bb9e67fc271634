"""The check of a node's inputs against its spec: each literal and link, what is missing, what is not declared."""

from __future__ import annotations

from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Severity
from graphexec.diagnostics.sanitize import shown
from graphexec.diagnostics.suggest import nearest
from graphexec.document.model import Link, NodeDecl, ParameterRef, Unreadable
from graphexec.graph.continuations import continuation_of
from graphexec.graph.links import resolve
from graphexec.graph.literals import Fault, check_literal, described
from graphexec.graph.model import Edge, GraphNode
from graphexec.graph.named_files import check_files
from graphexec.graph.naming import did_you_mean, id_text, input_place, node_place
from graphexec.graph.scope import Interface, Scope
from graphexec.registry.spec import PRIMITIVES, WILDCARD, InputSpec

EDITOR_LEFTOVERS = frozenset(
    {"control_after_generate", "control after generate", "upload", "choose file to upload", "audioUI"}
)
"""Inputs that the editor writes for its own buttons; without an editor they mean nothing."""


def bind(scope: Scope, decl: NodeDecl, interface: Interface) -> tuple[GraphNode | None, tuple[str, ...]]:
    """Return the checked node, None when it has an error of its own, and the nodes that it is rightly linked to."""
    spec = interface.spec
    params: dict[str, Any] = {}
    links: dict[str, Edge] = {}
    unknown: list[str] = []  # upstream nodes of unknown types: the links to them may well be right
    valid = True
    for name, value in decl.inputs.items():
        declared = interface.inputs.get(name)
        if isinstance(value, Link):
            edge = resolve(scope, decl, name, value, None if spec.validates_links else declared)
            if edge is not None and declared is None and not spec.from_pack:  # only packs take any keyword
                _report_undeclared(scope, decl, interface, name)
            elif edge is not None:
                links[name] = edge
            else:
                valid = False
                if value.node in scope.document.nodes and value.node not in scope.interfaces:
                    unknown.append(value.node)
        elif isinstance(value, (Unreadable, ParameterRef)):  # reported where the parameters are filled in
            valid = False
        elif declared is None:
            _report_undeclared(scope, decl, interface, name)
        elif spec.function is not None:  # the ranges of a node that cannot run may be those of another version
            params[name], fault = _check(scope, declared, value)
            if fault is not None:
                _report_fault(scope, decl, name, fault)
                valid = False
    for name in interface.required:
        if name not in decl.inputs:
            _report_missing(scope, decl, interface, name)
            valid = False
    if valid and spec.function is not None:
        valid = check_files(scope, decl, interface, params) and _validate(scope, decl, interface, params, links)
    continuation, sound = continuation_of(scope, decl, spec)
    valid = valid and sound
    needs = (*[edge.node for edge in links.values()], *unknown)
    return GraphNode(decl.id, spec, params, links, continuation) if valid else None, needs


def _check(scope: Scope, spec: InputSpec, value: Any) -> tuple[Any, Fault | None]:
    if spec.type in PRIMITIVES or spec.is_primitive:
        return check_literal(spec, value)
    if spec.type == WILDCARD or spec.has_default or not scope.is_made(spec.type):
        return value, None  # a widget of a pack: nothing but the node itself knows what it takes
    message = f"{spec.name} takes {spec.type}, which only another node can make, not {described(value)}"
    return value, Fault(codes.NEEDS_LINK, message, _link_hint(scope, spec, value))


def _link_hint(scope: Scope, spec: InputSpec, value: Any) -> str:
    named = value.rpartition(".")[0] if isinstance(value, str) else ""  # NODE.OUTPUT, as YAML files write links
    near = nearest(named, scope.document.nodes, 1) if named else []
    if near:
        return f"did you mean a link to node {id_text(near[0])}?"
    source = scope.source(spec.type)
    return f"link it to an output of type {spec.type}" + (f", such as {_link_text(source)}" if source else "")


def _validate(
    scope: Scope, decl: NodeDecl, interface: Interface, params: dict[str, Any], links: dict[str, Edge]
) -> bool:
    """Ask the node itself (VALIDATE_INPUTS), where it has an opinion."""
    validate = interface.spec.validate
    if validate is None:
        return True
    received = {
        name: scope.interfaces[edge.node].spec.outputs[edge.slot].type
        for name, edge in links.items()
        if name in interface.inputs
    }
    try:
        verdict = validate(params, received)
    except Exception as error:  # code of a pack may raise anything
        verdict = f"its validation failed: {type(error).__name__}: {error}"
    if verdict is True:
        return True
    reason = f": {verdict}" if isinstance(verdict, str) and verdict else ""
    scope.found.append(
        codes.report(
            codes.REJECTED_BY_NODE, f"{scope.label(decl.id)} rejects its inputs{reason}", node_place(decl), node=decl.id
        )
    )
    return False


def _report_fault(scope: Scope, decl: NodeDecl, name: str, fault: Fault) -> None:
    scope.found.append(
        codes.report(
            fault.code,
            f"{scope.label(decl.id)}: {fault.message}",
            input_place(decl, name),
            hint=fault.hint,
            node=decl.id,
            input=name,
        )
    )


def _report_undeclared(scope: Scope, decl: NodeDecl, interface: Interface, name: str) -> None:
    leftover = name in EDITOR_LEFTOVERS
    free = [other for other in interface.inputs if other not in decl.inputs]
    hint = "the editor's own; it has no effect here" if leftover else did_you_mean(nearest(name, free, 1))
    scope.found.append(
        codes.report(
            codes.UNDECLARED_INPUT,
            f"{scope.label(decl.id)} has no input {shown(name)}; the value is ignored",
            input_place(decl, name, "key"),
            hint=hint,
            node=decl.id,
            input=name,
            severity=Severity.NOTE if leftover else None,
        )
    )


def _report_missing(scope: Scope, decl: NodeDecl, interface: Interface, name: str) -> None:
    spec = interface.inputs[name]
    scope.found.append(
        codes.report(
            codes.MISSING_INPUT,
            f"{scope.label(decl.id)}: required input {name} ({spec.type}) is missing",
            node_place(decl),
            hint=_how_to_supply(scope, spec),
            node=decl.id,
            input=name,
        )
    )


def _how_to_supply(scope: Scope, spec: InputSpec) -> str | None:
    value = spec.default if spec.has_default else next(iter(spec.choices), None)
    if value is not None:
        return f"write it out; the editor's default is {shown(value)}"
    source = None if spec.is_primitive else scope.source(spec.type)
    return f"{_link_text(source)} is of this type" if source else None


def _link_text(edge: Edge) -> str:
    return f"output {edge.slot} of node {id_text(edge.node)}"
