"""Input values in graphexec's own form: texts that are links, the marked forms, and literals."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Path, Place
from graphexec.document.model import InputValue, Link, ParameterRef
from graphexec.document.values import UNREADABLE, kind_of, literal

_MARKS = ("link", "value", "param", "__value__")


def named_value(value: Any, nodes: Set[str], node: str, name: str, path: Path, found: list[Diagnostic]) -> InputValue:
    """Return the value of an input; what is wrong with it is added to `found`, and it becomes `Unreadable`.

    A text `NODE.OUTPUT` whose NODE is one of `nodes` is a link; of several such nodes the longest name counts.
    `{link: NODE.OUTPUT}` is always a link, `{value: x}` always the literal x, `{param: NAME}` a parameter.
    """
    if isinstance(value, str):
        return linked(value, nodes) or value
    if isinstance(value, dict) and any(mark in value for mark in _MARKS):
        return _marked(value, nodes, node, name, path, found)
    if isinstance(value, list) and [type(item) for item in value] == [str, int] and value[0] in nodes:
        found.append(
            codes.report(
                codes.BAD_LINK,
                "this form has no links in brackets",
                Place(path),
                hint=f"write {value[0]}.{value[1]}, or {{value: [...]}} if the list is meant",
                node=node,
                input=name,
            )
        )
        return UNREADABLE
    return literal(value, node, name, path, found)


def linked(text: str, nodes: Set[str]) -> Link | None:
    """Return the link that a text is: a name of `nodes`, a dot, and an output (an index if it is all digits)."""
    dot = text.rfind(".")
    while dot > 0:
        if text[:dot] in nodes and dot + 1 < len(text):
            return _link(text, dot)
        dot = text.rfind(".", 0, dot)
    return None


def _link(text: str, dot: int) -> Link:
    output = text[dot + 1 :]
    return Link(text[:dot], int(output) if output.isascii() and output.isdigit() and len(output) < 10 else output)


def _marked(
    value: dict[str, Any], nodes: Set[str], node: str, name: str, path: Path, found: list[Diagnostic]
) -> InputValue:
    """Return the value of a mapping with one of the marks as its only key."""
    mark = next(m for m in _MARKS if m in value)
    content, at = value[mark], Place((*path, mark))
    if len(value) > 1 or mark == "__value__":
        message = f'a mapping with "{mark}" has no other key' if len(value) > 1 else '"__value__" is for API files'
        found.append(
            codes.report(
                codes.BAD_FIELD,
                message,
                Place(at.path, "key"),
                hint="wrap a mapping that is meant as it stands: {value: {...}}"
                if len(value) > 1
                else "write {value: ...}",
                node=node,
                input=name,
            )
        )
        return UNREADABLE
    if mark == "value":
        return literal(content, node, name, at.path, found)
    if mark == "param" and isinstance(content, str):
        return ParameterRef(content)
    if mark == "link" and isinstance(content, str):
        link = linked(content, nodes)
        dot = content.rfind(".")
        if link is None and 0 < dot < len(content) - 1:
            link = _link(content, dot)
        if link is not None:
            return link
        message, hint = f'"{content}" is no link', "a link is NODE.OUTPUT: base.MODEL or base.0"
        found.append(codes.report(codes.BAD_LINK, message, at, hint=hint, node=node, input=name))
        return UNREADABLE
    message = f'"{mark}" takes a text, not {kind_of(content)}'
    found.append(codes.report(codes.BAD_FIELD, message, at, node=node, input=name))
    return UNREADABLE
