"""Calls of functions made by `@graphexec.node`, as nodes of a workflow under construction."""

from __future__ import annotations

import inspect
from typing import Any, get_type_hints

from graphexec.build.handles import Handle
from graphexec.build.node import Node
from graphexec.errors import UsageError
from graphexec.registry.functions import NodeFunction
from graphexec.registry.notation import Malformed
from graphexec.registry.spec import NodeSpec


def arguments(function: NodeFunction[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs of a call by name, defaults included, without the context. Raises TypeError as a call does."""
    spec = _spec(function)
    signature = inspect.signature(function.function)
    taken = {declared.name for declared in spec.inputs}
    parameters = [p for name, p in signature.parameters.items() if name in taken]
    bound = signature.replace(parameters=parameters).bind(*args, **kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


def returned(function: NodeFunction[..., Any], made: Node) -> Any:
    """Return the node of a function without outputs, a handle, or a tuple of them (a NamedTuple where it is one)."""
    outputs = _spec(function).outputs
    handles = [Handle[Any](made, slot, output.type) for slot, output in enumerate(outputs)]
    if not handles:
        return made
    kind: Any = get_type_hints(function.function).get("return")
    if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_make"):
        return kind._make(handles)
    return tuple(handles) if getattr(kind, "__origin__", None) is tuple else handles[0]


def _spec(function: NodeFunction[..., Any]) -> NodeSpec:
    try:
        return function.spec
    except Malformed as error:
        raise UsageError(f"the node function {function.type}: {error}") from error
