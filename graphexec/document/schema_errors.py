"""What the models of `schema` refuse, as findings with places and suggestions."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Path, Place
from graphexec.diagnostics.suggest import nearest
from graphexec.document.model import Unreadable
from graphexec.document.schema import Form, NodeForm, ParameterForm, WorkflowForm
from graphexec.document.values import kind_of

_WANTED = {"string_type": "a text", "dict_type": "a mapping", "model_type": "a mapping", "list_type": "a list"}
_KEY = "[key]"


def form_errors(root: dict[str, Any]) -> tuple[list[Diagnostic], frozenset[Path]]:
    """Return the findings about a file in graphexec's own form, and the places that cannot be used.

    A place is that of a node, of a parameter, or of a field of the root.
    """
    found: list[Diagnostic] = []
    refused: set[Path] = set()
    if isinstance(root.get("graphexec"), bool):
        found.append(_version())
    try:
        WorkflowForm.model_validate(root)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            refused.add(detail["loc"][: 2 if detail["loc"][0] in ("nodes", "parameters") else 1])
            if not isinstance(detail["input"], Unreadable):
                found.append(_finding(detail))
    return found, frozenset(refused)


def _finding(detail: ErrorDetails) -> Diagnostic:
    """Return the finding for one of pydantic's errors."""
    path, kind = detail["loc"], detail["type"]
    code = codes.BAD_NODE if path[0] == "nodes" and len(path) > 1 else codes.BAD_FIELD
    node = str(path[1]) if code == codes.BAD_NODE else None
    part = Place(path)
    hint = None
    if path == ("graphexec",) and kind == "literal_error":
        return _version()
    if path[-1] == _KEY:
        part = Place(path[:-1], "key")
        message = f'"{path[-2]}" cannot be the name of a {str(path[0]).removesuffix("s")}'
        hint = _NAME_HINTS[str(path[0])]
    elif kind == "missing":
        part = Place(path[:-1], "key")
        message = f'{_label(path[:-1])} has no "{path[-1]}"'
        hint = "add the line graphexec: 1" if path == ("graphexec",) else None
    elif kind == "extra_forbidden":
        part = Place(path, "key")
        message = f'{_label(path[:-1])} has no field "{path[-1]}"'
        hint = _field_hint(path)
    elif kind in _WANTED:
        message = f"{_label(path)} is {_WANTED[kind]}, not {kind_of(detail['input'])}"
    elif kind in ("too_short", "string_too_short"):
        message = f"{_label(path)} is empty"
    elif kind == "literal_error":
        choices = [choice.strip("' ") for choice in detail["ctx"]["expected"].replace(" or ", ", ").split(",")]
        message = f"{_label(path)} is one of {', '.join(choices)}"
        meant = nearest(detail["input"], choices, limit=1) if isinstance(detail["input"], str) else []
        hint = f"did you mean {meant[0]}?" if meant else None
    else:
        message = f"{_label(path)}: {detail['msg']}"
    return codes.report(code, message, part, hint=hint, node=node)


_NAME_HINTS = {
    "nodes": 'names are texts of one line without "=" and without spaces around them',
    "parameters": "names have letters, digits, _ and -, and begin with a letter or _",
}


def _version() -> Diagnostic:
    message = "the version of the form is 1; this version of graphexec knows no other"
    return codes.report(codes.BAD_FIELD, message, Place(("graphexec",)), hint="write graphexec: 1")


def _label(path: Path) -> str:
    """Return what stands at a path, in words."""
    match path:
        case ():
            return "the file"
        case ("nodes", name):
            return f'node "{name}"'
        case ("parameters", name):
            return f'parameter "{name}"'
        case ("nodes" | "parameters", _, field, *_):
            return f'"{field}" of {_label(path[:2])}'
        case _:
            return f'"{path[0]}"' if len(path) == 1 else f'entry {path[1]} of "{path[0]}"'


def _field_hint(path: Path) -> str:
    form: type[Form]
    match path:
        case ("nodes", _, _):
            form = NodeForm
        case ("parameters", _, _):
            form = ParameterForm
        case _:
            form = WorkflowForm
    fields = list(form.model_fields)
    if meant := nearest(str(path[-1]), fields, limit=1):
        return f'did you mean "{meant[0]}"?'
    known = ", ".join(f'"{field}"' for field in fields)
    if form is NodeForm:
        return f'the fields of a node are {known}; values of inputs go under "inputs"'
    return f"the fields are {known}"
