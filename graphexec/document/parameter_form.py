"""Declarations of parameters in graphexec's own form."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Path, Place
from graphexec.document.model import Parameter
from graphexec.document.parameters import BadValue, check, typed
from graphexec.document.values import UNREADABLE


def read_parameter(name: str, form: dict[str, Any], path: Path, found: list[Diagnostic]) -> Parameter:
    """Return the parameter that a form (valid for the models) declares.

    A limit or choice that is not of the parameter's type is reported and left out; a default that the parameter
    itself would not take is reported and becomes `Unreadable`.
    """
    kind = form["type"]
    limits = {key: _limit(kind, form[key], key, path, found) for key in ("min", "max") if key in form}
    low, high = limits.get("min"), limits.get("max")
    if low is not None and high is not None and low > high:
        found.append(_bad("the minimum is above the maximum", (*path, "min")))
        low = high = None
    choices = [
        value
        for index, item in enumerate(form.get("choices") or ())
        if (value := _typed(kind, item, (*path, "choices", index), found)) is not None
    ]
    description = form.get("description")
    parameter = Parameter(name, kind, None, path, "default" not in form, low, high, tuple(choices), description)
    if parameter.required:
        return parameter
    try:
        return replace(parameter, default=check(parameter, form["default"]))
    except BadValue as bad:
        found.append(_bad(f'the default of "{name}": {bad}', (*path, "default"), bad.hint))
        return replace(parameter, default=UNREADABLE)


def _limit(kind: str, value: Any, key: str, path: Path, found: list[Diagnostic]) -> int | float | None:
    if kind not in ("INT", "FLOAT"):
        found.append(_bad(f'a {kind} has no "{key}"', (*path, key)))
        return None
    made = _typed(kind, value, (*path, key), found)
    return made if isinstance(made, (int, float)) else None


def _typed(kind: str, value: Any, path: Path, found: list[Diagnostic]) -> int | float | str | bool | None:
    try:
        return typed(kind, value)
    except BadValue as bad:
        found.append(_bad(str(bad), path, bad.hint))
        return None


def _bad(message: str, path: Path, hint: str | None = None) -> Diagnostic:
    return codes.report(codes.BAD_FIELD, message, Place(path), hint=hint)
