"""Values that a program gives to an input, as a Document holds them; what cannot be held becomes a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphexec.build.handles import Handle, Param
from graphexec.build.node import Node
from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.document.model import InputValue, Link, ParameterRef, Unreadable

if TYPE_CHECKING:
    from graphexec.build.workflow import Workflow

_UNREADABLE = Unreadable()


def recorded(workflow: Workflow, node: Node, name: str, value: Any, found: list[Diagnostic]) -> InputValue:
    """Return what the Document holds for a value given to an input. Never raises: mistakes are added to `found`."""
    kind = type(value)
    if kind is str or kind is bool:
        return value
    if kind is Handle:
        if value.node.workflow is workflow and value.node.id in workflow:
            return Link(value.node.id, value.slot)
        message = f"{name} is given {value!r}, which is not of this workflow"
        return _refused(
            node, name, codes.BAD_LINK, message, "handles are of the Workflow that they were made in", found
        )
    if kind is Param:
        if value.owner is workflow:
            return ParameterRef(value.name)
        message = f"{name} is given {value!r} of another workflow"
        return _refused(node, name, codes.UNKNOWN_PARAMETER, message, "make it with `param` of this one", found)
    if kind is int or kind is float:
        return _literal(node, name, value, found)
    if isinstance(value, Node) or (isinstance(value, tuple) and any(isinstance(item, Handle) for item in value)):
        return _refused(
            node, name, codes.BAD_LINK, f"{name} takes one output, not a whole node", _outputs(value), found
        )
    plain, stranger = _plain(value)
    if stranger is not None:
        message = f"{name} is given a {stranger}, which no workflow can hold"
        return _refused(node, name, codes.WRONG_KIND, message, "give a number, a text, a list or a dict", found)
    return _literal(node, name, plain, found)


def _literal(node: Node, name: str, value: Any, found: list[Diagnostic]) -> InputValue:
    from graphexec.document.values import literal

    return literal(value, node.id, name, ("nodes", node.id, "inputs", name), found)


def _plain(value: Any) -> tuple[Any, str | None]:
    """Return a copy of a JSON value, and the name of the first type in it that is not of JSON."""
    if value is None or type(value) in (str, bool, int, float):
        return value, None
    if isinstance(value, Mapping) and all(type(key) is str for key in value):
        items = {key: _plain(item) for key, item in value.items()}
        return {k: v for k, (v, _) in items.items()}, next((s for _, s in items.values() if s), None)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
        parts = [_plain(item) for item in value]
        return [v for v, _ in parts], next((s for _, s in parts if s), None)
    kind = type(value)
    return None, kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _outputs(value: Any) -> str:
    names = getattr(value, "_fields", ())
    return f"give one of its outputs: {', '.join(f'.{name}' for name in names)}" if names else "give one of its outputs"


def _refused(node: Node, name: str, code: str, message: str, hint: str, found: list[Diagnostic]) -> Unreadable:
    place = Place(("nodes", node.id, "inputs", name))
    found.append(codes.report(code, f"node {node.id}: {message}", place, hint=hint, node=node.id, input=name))
    return _UNREADABLE
