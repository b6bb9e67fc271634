"""Bypass: a bypassed node hands on one of its own inputs in place of each output, found by type."""

from __future__ import annotations

from dataclasses import replace

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.document.editor.model import EditorGraph, EditorNode, InputSlot, Mode
from graphexec.document.editor.schemas import WILDCARD, Interfaces


def resolve_bypasses(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Link every input that a bypassed node feeds to what that node hands on, or to nothing.

    `schemas` have been applied before, because the rule counts and compares inputs (`apply_schemas`).
    """
    if not any(node.mode is Mode.BYPASSED for node in graph.nodes.values()):
        return graph
    found: list[Diagnostic] = []
    nodes = [
        node.map_inputs(lambda slot: _past_bypassed(graph, slot, found)) if node.mode is Mode.ALWAYS else node
        for node in graph.nodes.values()
    ]
    return graph.with_nodes(nodes, found)


def _past_bypassed(graph: EditorGraph, slot: InputSlot, found: list[Diagnostic]) -> InputSlot:
    origin, wanted, constant = slot.origin, slot.type, slot.constant
    passed = set()
    while origin is not None and (node := graph.nodes.get(origin.node)) and node.mode is Mode.BYPASSED:
        if (node.id, origin.slot) in passed:
            message = f"the bypassed {node.type} {node.id} feeds itself"
            found.append(codes.report(codes.CYCLE, message, Place(node.path), node=node.id))
            origin = None
            break
        passed.add((node.id, origin.slot))
        handed_on = handed_on_input(node, origin.slot, wanted)
        origin, constant = (handed_on.origin, handed_on.constant) if handed_on else (None, None)
        wanted = handed_on.type if handed_on else wanted
    return replace(slot, origin=origin, constant=constant) if passed else slot


def handed_on_input(node: EditorNode, output: int, wanted: str) -> InputSlot | None:
    """Return the input that a bypassed node hands on as `output` to a consumer of type `wanted`, or None.

    1. A consumer of any type gets the input in the output's place, or else the first.
    2. The input in the output's place, if it fits both the output and the consumer.
    3. The first input of exactly the consumer's type.
    4. The first input that fits both.
    5. Nothing.
    """
    inputs = node.inputs
    beside = inputs[output] if output < len(inputs) else None
    if wanted in (WILDCARD, ""):
        return beside or (inputs[0] if inputs else None)
    offered = node.outputs[output].type if output < len(node.outputs) else WILDCARD
    if beside and connects(beside.type, offered) and connects(beside.type, wanted):
        return beside
    exact = next((slot for slot in inputs if slot.type == wanted), None)
    if exact:
        return exact
    return next((slot for slot in inputs if connects(slot.type, offered) and connects(slot.type, wanted)), None)


def connects(one: str, other: str) -> bool:
    """Whether the editor lets two types connect: any type fits all, case is ignored, unions share a member."""
    if one in (WILDCARD, "") or other in (WILDCARD, "") or one == other:
        return True
    first, second = one.lower(), other.lower()
    if first == second:
        return True
    return not set(first.split(",")).isdisjoint(second.split(","))
