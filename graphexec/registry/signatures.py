"""Inputs and outputs of a node from the annotations of a function."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from graphexec.ports import Context
from graphexec.registry.notation import Malformed
from graphexec.registry.spec import WILDCARD, InputSpec, OutputSpec
from graphexec.types import File, Range, Socket

_PRIMITIVES = {int: "INT", float: "FLOAT", str: "STRING", bool: "BOOLEAN"}
_NONE = type(None)


def read_signature(function: Callable[..., Any]) -> tuple[tuple[InputSpec, ...], tuple[OutputSpec, ...], str | None]:
    """Return inputs, outputs, and the name of the parameter that takes the context, if any. Raises Malformed."""
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError, SyntaxError) as error:
        raise Malformed(f"its annotations cannot be read: {error}") from error
    inputs, context = [], None
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise Malformed(f"the parameter {parameter} cannot be an input: inputs have names, and there are so many")
        if parameter.name not in hints:
            raise Malformed(f"the parameter {parameter.name!r} has no annotation")
        if hints[parameter.name] is Context:
            context = parameter.name
        else:
            inputs.append(_input(parameter.name, hints[parameter.name], parameter.default))
    if "return" not in hints:
        raise Malformed("the function has no return annotation: write -> None for one without outputs")
    return tuple(inputs), tuple(_outputs(hints["return"])), context


def _input(name: str, hint: Any, default: Any) -> InputSpec:
    hint, notes, optional = _taken_apart(hint)
    socket = next((note for note in notes if isinstance(note, Socket)), None)
    limits = next((note for note in notes if isinstance(note, Range)), Range())
    file = next((note for note in notes if isinstance(note, File)), None)
    choices: tuple[Any, ...] = ()
    if socket is not None:
        kind = socket.type
    elif file is not None:
        kind = "COMBO"
    elif get_origin(hint) is Literal:
        kind, choices = "COMBO", get_args(hint)
    elif hint in _PRIMITIVES:
        kind = _PRIMITIVES[hint]
    elif hint in (Any, object):
        kind = WILDCARD
    else:
        raise Malformed(f"the parameter {name!r} is annotated with {_shown(hint)}, which is no type of a socket")
    has_default = default is not inspect.Parameter.empty and default is not None
    if has_default and (
        kind not in (WILDCARD, "COMBO", *_PRIMITIVES.values()) or type(default) not in (int, float, str, bool)
    ):
        raise Malformed(f"the default of {name!r} is {default!r}: only numbers, texts and booleans can be")
    if default is None and not optional:
        raise Malformed(f"the default of {name!r} is None, so its annotation must allow None")
    options = types.MappingProxyType({} if limits.step is None else {"step": limits.step})
    return InputSpec(
        name, kind, required=not optional, default=default if has_default else None, has_default=has_default,
        min=limits.min, max=limits.max, choices=choices, folder=file.folder if file else None, options=options,
    )  # fmt: skip


def _outputs(hint: Any) -> list[OutputSpec]:
    if hint is None or hint is _NONE:
        return []
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        fields: Mapping[str, Any] = get_type_hints(hint, include_extras=True)
        return [_output(field, name) for name, field in fields.items()]
    if get_origin(hint) is tuple:
        return [_output(part) for part in get_args(hint)]
    return [_output(hint)]


def _output(hint: Any, name: str | None = None) -> OutputSpec:
    is_list = get_origin(hint) is list
    hint, notes, _ = _taken_apart(get_args(hint)[0] if is_list else hint)
    socket = next((note.type for note in notes if isinstance(note, Socket)), None)
    if socket is None:
        socket = WILDCARD if hint in (Any, object) else _PRIMITIVES.get(hint)
    if socket is None:
        raise Malformed(f"the function returns {_shown(hint)}, which is no type of a socket")
    return OutputSpec(name or socket, socket, is_list)


def _taken_apart(hint: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """Return the bare type, what `Annotated` says of it, and whether it may be None."""
    optional = False
    if get_origin(hint) in (Union, types.UnionType):
        parts = [part for part in get_args(hint) if part is not _NONE]
        optional = len(parts) < len(get_args(hint))
        hint = parts[0] if len(parts) == 1 else hint
    if get_origin(hint) is Annotated:
        bare, *notes = get_args(hint)
        inner, more, none = _taken_apart(bare)
        return inner, (*notes, *more), optional or none
    return hint, (), optional


def _shown(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint)
