"""Input values as API files write them: links, wrapped lists and literals, told apart and checked."""

from __future__ import annotations

from math import isfinite
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Path, Place
from graphexec.document.limits import MAX_INTEGER, MIN_INTEGER
from graphexec.document.model import InputValue, Link, Unreadable

_LIST_HINT = 'a list that is a value, not a link, is written {"__value__": [...]}'
UNREADABLE = Unreadable()


def kind_of(value: Any) -> str:
    """Return what a JSON value is, in words of a message."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return "an integer"
        case float():
            return "a number"
        case str():
            return "a text"
        case list() | tuple():
            return "a list"
        case _:
            return "a mapping"


def input_value(value: Any, node: str, name: str, path: Path, found: list[Diagnostic]) -> InputValue:
    """Return the value of an input of an API file; what is wrong with it is added to `found`.

    A list is a link, `["node", output]`, and nothing else; `{"__value__": x}` is the literal x; the rest stands
    for itself. A malformed value becomes `Unreadable`.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool or kind is Unreadable:
        return value
    if kind is list:
        if len(value) == 2 and type(value[0]) is str and type(value[1]) is int and value[1] >= 0:
            return Link(value[0], value[1])
        found.append(_bad_link(value, node, name, path))
        return UNREADABLE
    if kind is dict and "__value__" in value:
        value, path = value["__value__"], (*path, "__value__")
    return literal(value, node, name, path, found)


def literal(value: Any, node: str, name: str, path: Path, found: list[Diagnostic]) -> Any:
    """Return the value, or `Unreadable` if a number in it cannot be kept exactly (added to `found`)."""
    kind = type(value)
    if (kind is int and MIN_INTEGER <= value <= MAX_INTEGER) or kind is str or (kind is float and isfinite(value)):
        return value
    bad = bad_numbers(value)
    found += [
        codes.report(codes.BAD_NUMBER, message, Place((*path, *inner)), node=node, input=name) for inner, message in bad
    ]
    return UNREADABLE if bad else value


def bad_numbers(value: Any) -> list[tuple[Path, str]]:
    """Return path and message of every number in a value that is out of range, infinite or not a number."""
    bad: list[tuple[Path, str]] = []
    stack: list[tuple[Path, Any]] = [((), value)]
    while stack:
        path, item = stack.pop()
        if isinstance(item, dict):
            stack += [((*path, key), child) for key, child in reversed(item.items())]
        elif isinstance(item, list):
            stack += [((*path, i), item[i]) for i in reversed(range(len(item)))]
        elif isinstance(item, int) and not MIN_INTEGER <= item <= MAX_INTEGER:
            bad.append((path, "the integer is out of range: -2^63 to 2^64-1"))
        elif isinstance(item, float) and not isfinite(item):
            bad.append((path, "the number is not a number" if item != item else "the number is infinite"))
    return bad


def _bad_link(value: list[Any], node: str, name: str, path: Path) -> Diagnostic:
    """Say what keeps a list from being a link."""
    hint: str | None = _LIST_HINT
    inner: Path = ()
    if len(value) != 2:
        message = f"a link has two entries, a node id and an output index; this list has {len(value)}"
    elif type(value[0]) is int and type(value[1]) is int:
        message, inner = "the node id of a link is a text, not an integer", (0,)
        hint = f'write ["{value[0]}", {value[1]}]' if abs(value[0]) + abs(value[1]) <= MAX_INTEGER else None
    elif type(value[0]) is not str:
        message, inner = f"the node id of a link is a text, not {kind_of(value[0])}", (0,)
    elif type(value[1]) is int:
        message, inner, hint = "the output index of a link is 0 or more", (1,), None
    else:
        message, inner = f"the output index of a link is an integer, not {kind_of(value[1])}", (1,)
    return codes.report(codes.BAD_LINK, message, Place((*path, *inner)), hint=hint, node=node, input=name)
