"""Values of a file's parameters: whether a value is of the declared type, in range, and one of the choices."""

from __future__ import annotations

from math import isfinite
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.suggest import nearest
from graphexec.document.limits import MAX_INTEGER, MIN_INTEGER
from graphexec.document.model import Parameter
from graphexec.document.values import kind_of

_KINDS = {"INT": "an integer", "FLOAT": "a number", "STRING": "a text", "BOOLEAN": "true or false"}


class BadValue(ValueError):
    """A value that a parameter does not take: the code, message and hint of the finding."""

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


def typed(kind: str, value: Any) -> int | float | str | bool:
    """Return the value as one of type `kind`. Raises BadValue.

    Nothing is converted but an integer given for a FLOAT, which becomes the equal float.
    """
    match kind, value:
        case ("BOOLEAN", bool(same)) | ("STRING", str(same)):
            return same
        case ("INT", int()) if not isinstance(value, bool):
            if MIN_INTEGER <= value <= MAX_INTEGER:
                return value
            raise BadValue(codes.BAD_NUMBER, "the integer is out of range: -2^63 to 2^64-1")
        case ("FLOAT", float()):
            if isfinite(value):
                return value
            raise BadValue(codes.BAD_NUMBER, "the number is infinite or not a number")
        case ("FLOAT", int()) if not isinstance(value, bool):
            if abs(value) <= MAX_INTEGER and float(value) == value:
                return float(value)
            raise BadValue(codes.BAD_NUMBER, "no float equals this integer")
    hint = "write true or false" if kind == "BOOLEAN" else None
    raise BadValue(codes.WRONG_KIND, f"{kind} takes {_KINDS[kind]}, not {_described(value)}", hint)


def check(parameter: Parameter, value: Any) -> int | float | str | bool:
    """Return the value that a parameter takes for `value`. Raises BadValue."""
    made = typed(parameter.type, value)
    if isinstance(made, (int, float)) and not isinstance(made, bool):
        if parameter.min is not None and made < parameter.min:
            raise BadValue(codes.BELOW_MINIMUM, f"{made} is below the minimum, {parameter.min}")
        if parameter.max is not None and made > parameter.max:
            raise BadValue(codes.ABOVE_MAXIMUM, f"{made} is above the maximum, {parameter.max}")
    if parameter.choices and made not in parameter.choices:
        shown = ", ".join(map(_quoted, parameter.choices[:20])) + (", ..." if len(parameter.choices) > 20 else "")
        meant = nearest(str(made), map(str, parameter.choices), limit=1)
        hint = f"did you mean {meant[0]}?" if meant else None
        raise BadValue(codes.NOT_A_CHOICE, f"{_quoted(made)} is not one of {shown}", hint)
    return made


def _described(value: Any) -> str:
    """Return the kind of a value, and the value itself where it is short."""
    if isinstance(value, str) and len(value) <= 40:
        return f'the text "{value}"'
    if isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**20):
        return str(value)
    return kind_of(value)


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
