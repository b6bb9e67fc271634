"""The check of one link: the node it names, the output, and whether the types of the sockets fit."""

from __future__ import annotations

from graphexec.diagnostics import codes
from graphexec.diagnostics.sanitize import shown
from graphexec.diagnostics.suggest import nearest
from graphexec.document.model import Link, NodeDecl
from graphexec.graph.model import Edge
from graphexec.graph.naming import did_you_mean, input_place, one_of, outputs_text
from graphexec.graph.scope import Interface, Scope
from graphexec.registry.spec import InputSpec


def resolve(scope: Scope, decl: NodeDecl, name: str, link: Link, spec: InputSpec | None) -> Edge | None:
    """Return the resolved link of input `name`, or None after reporting what is wrong with it.

    None without a finding means that the fault was reported elsewhere: the upstream node could not be read, or
    is of an unknown type. `spec` is None when the type of the socket is not to be checked.
    """
    upstream = scope.interfaces.get(link.node)
    if upstream is None:
        if not scope.has_node(link.node):
            _report_dangling(scope, decl, name, link)
        return None
    outputs = upstream.spec.outputs
    slot = link.output
    if type(slot) is not int:
        found = find_output(upstream, slot)
        if found is None:
            _report_slot(scope, decl, name, link, upstream)
            return None
        slot = found
    elif not 0 <= slot < len(outputs):
        _report_slot(scope, decl, name, link, upstream)
        return None
    if spec is not None and not scope.fits(outputs[slot].type, spec.type):
        _report_mismatch(scope, decl, link, slot, spec, upstream)
        return None
    return Edge(link.node, slot)


def check_dangling(scope: Scope, decl: NodeDecl) -> None:
    """Report the links of a node of unknown type that lead to no node; no more can be said about it."""
    for name, value in decl.inputs.items():
        if isinstance(value, Link) and not scope.has_node(value.node):
            _report_dangling(scope, decl, name, value)


def find_output(interface: Interface, output: int | str) -> int | None:
    """Return the index of an output given by index or by name; None when there is none, or several of the name."""
    outputs = interface.spec.outputs
    if isinstance(output, int):
        return output if 0 <= output < len(outputs) else None
    slots = [slot for slot, declared in enumerate(outputs) if declared.name == output]
    return slots[0] if len(slots) == 1 else None


def output_hint(interface: Interface, output: int | str) -> str:
    """Return what helps after `find_output` found nothing."""
    names = [declared.name for declared in interface.spec.outputs]
    if isinstance(output, str):
        slots = [str(slot) for slot, name in enumerate(names) if name == output]
        if slots:
            return f"several outputs have that name: use the index {one_of(slots)}"
        meant = did_you_mean(nearest(output, names, 1))
        if meant:
            return meant
    return outputs_text(interface.spec)


def _report_dangling(scope: Scope, decl: NodeDecl, name: str, link: Link) -> None:
    scope.found.append(
        codes.report(
            codes.DANGLING_LINK,
            f"{scope.label(decl.id)}: {name} is linked to node {shown(link.node)}, which the file does not have",
            input_place(decl, name),
            hint=did_you_mean(nearest(link.node, scope.document.nodes)),
            node=decl.id,
            input=name,
        )
    )


def _report_slot(scope: Scope, decl: NodeDecl, name: str, link: Link, upstream: Interface) -> None:
    target = scope.label(link.node)
    scope.found.append(
        codes.report(
            codes.BAD_SLOT,
            f"{scope.label(decl.id)}: {name} is linked to output {shown(link.output)} of {target}",
            input_place(decl, name),
            hint=output_hint(upstream, link.output),
            node=decl.id,
            input=name,
        )
    )


def _report_mismatch(scope: Scope, decl: NodeDecl, link: Link, slot: int, spec: InputSpec, upstream: Interface) -> None:
    output = upstream.spec.outputs[slot]
    target = scope.label(link.node)
    fitting = [str(s) for s, other in enumerate(upstream.spec.outputs) if scope.fits(other.type, spec.type)]
    scope.found.append(
        codes.report(
            codes.TYPE_MISMATCH,
            f"{scope.label(decl.id)}: {spec.name} takes {spec.type}, but output {slot} of {target} is {output.type}",
            input_place(decl, spec.name),
            hint=f"output {one_of(fitting)} of that node is {spec.type}" if fitting else None,
            node=decl.id,
            input=spec.name,
        )
    )
