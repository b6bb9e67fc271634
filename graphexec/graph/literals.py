"""The check of literal values: kind, range, choice. Nothing is converted but an integer given for a FLOAT."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.sanitize import shown
from graphexec.diagnostics.suggest import nearest
from graphexec.graph.naming import did_you_mean
from graphexec.registry.spec import InputSpec

_KINDS = {
    "INT": "an integer",
    "FLOAT": "a number",
    "STRING": "a text",
    "BOOLEAN": "true or false",
    "COMBO": "one of its choices",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a literal."""

    code: str
    message: str
    hint: str | None = None


def check_literal(spec: InputSpec, value: Any) -> tuple[Any, Fault | None]:
    """Return the value as the node will get it, and what is wrong with it (None if nothing is).

    A union takes a literal of any of its kinds. Range and choices are not checked where the node's own
    validation does so (`InputSpec.unchecked`).
    """
    kinds = (spec.type,) if spec.type in _TAKES else _union(spec.type)
    for kind in kinds:
        convert = _TAKES.get(kind)
        taken = value if convert is None else convert(value)
        if taken is not None:
            return taken, None if spec.unchecked else _restrict(spec, kind, taken, value)
    return value, _wrong_kind(spec, value)


def _union(type: str) -> list[str]:
    """Return the kinds of a union, exact ones first, so that 3 for FLOAT,INT stays an integer."""
    kinds = [part.strip() for part in type.split(",")]
    return sorted(kinds, key=lambda kind: kind == "FLOAT")


def _int(value: Any) -> Any:
    return value if type(value) is int else None


def _float(value: Any) -> Any:
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            return None
    return value if type(value) is float and math.isfinite(value) else None


def _string(value: Any) -> Any:
    return value if type(value) is str else None


def _boolean(value: Any) -> Any:
    return value if type(value) is bool else None


def _choice(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, list)) else None


_TAKES: dict[str, Callable[[Any], Any]] = {
    "INT": _int,
    "FLOAT": _float,
    "STRING": _string,
    "BOOLEAN": _boolean,
    "COMBO": _choice,
}
"""The value that an input of each kind makes of a literal, or None when the literal is of another kind."""


def _restrict(spec: InputSpec, kind: str, value: Any, written: Any) -> Fault | None:
    if kind == "COMBO":
        return _not_a_choice(spec, value)
    if kind in ("INT", "FLOAT"):
        if spec.min is not None and value < spec.min:
            return Fault(codes.BELOW_MINIMUM, f"{spec.name} is {shown(written)}, below the minimum {spec.min}")
        if spec.max is not None and value > spec.max:
            return Fault(codes.ABOVE_MAXIMUM, f"{spec.name} is {shown(written)}, above the maximum {spec.max}")
    return None


def _not_a_choice(spec: InputSpec, value: Any) -> Fault | None:
    if spec.folder is not None:  # a file: `graph.named_files` looks it up
        return None if isinstance(value, str) else _wrong_kind(spec, value)
    if not spec.choices:  # a pack that fills its list while running
        return None
    if isinstance(value, list) and spec.options.get("multi_select"):
        strangers = [item for item in value if not _among(item, spec.choices)]
        return _not_a_choice(spec, strangers[0]) if strangers else None
    if _among(value, spec.choices):
        return None
    texts = [choice for choice in spec.choices if isinstance(choice, str)]
    hint = did_you_mean(nearest(value, texts) if isinstance(value, str) else [t for t in texts if t == shown(value)])
    if hint is None:
        hint = _listing(spec.choices)
    return Fault(codes.NOT_A_CHOICE, f"{spec.name} is {shown(value)}, which is not one of its choices", hint)


def _among(value: Any, choices: tuple[Any, ...]) -> bool:
    """Whether a value is one of the choices, 1, 1.0 and true being three values."""
    return any(type(value) is type(choice) and value == choice for choice in choices)


def _listing(choices: tuple[Any, ...], limit: int = 8) -> str:
    rest = len(choices) - limit
    return "choices: " + ", ".join(map(shown, choices[:limit])) + (f" and {rest} more" if rest > 0 else "")


def _wrong_kind(spec: InputSpec, value: Any) -> Fault:
    kinds = [_KINDS[kind] for kind in _union(spec.type) if kind in _KINDS]
    wanted = "the name of a file" if spec.folder else f"{' or '.join(kinds)} ({spec.type})"
    message = f"{spec.name} takes {wanted}, not {described(value)}"
    return Fault(codes.WRONG_KIND, message, _mend(spec.type, value))


def described(value: Any) -> str:
    """Return what a literal is, in words of a message."""
    match value:
        case bool() | None:
            return shown(value)
        case str():
            return f"the text {shown(value)}"
        case int() | float():
            return f"the number {shown(value)}"
        case _:
            return shown(value)


def _mend(type: str, value: Any) -> str | None:
    """Return what the author may have meant to write, where that is plain."""
    match type, value:
        case "STRING", bool() | int() | float():
            return f'write "{shown(value)}" with quotes'
        case "BOOLEAN", str() if value.lower() in ("true", "false"):
            return f"write {value.lower()} without quotes"
        case "BOOLEAN", 0 | 1:
            return f"write {'true' if value else 'false'}"
        case "INT", float() if value.is_integer():
            return f"write {int(value)}"
        case "INT" | "FLOAT", str() if _is_number(value, type):
            return f"write {value.strip()} without quotes"
        case "INT", float():
            return "graphexec does not round: write a whole number"
    return None


def _is_number(text: str, type: str) -> bool:
    try:
        return math.isfinite(int(text) if type == "INT" else float(text))
    except (ValueError, OverflowError):
        return False
