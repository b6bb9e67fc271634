"""Whether a file in graphexec's own form is plainly well formed, told without pydantic.

The models of `schema` define the form and make the findings; importing them takes a tenth of a second. A file that
passes here would pass there (a test holds the two together), so only files with something wrong pay for it.
"""

from __future__ import annotations

import re
from typing import Any

NODE_NAME = r"^[^\s=](?:[^=\r\n\t]*[^\s=])?$"
"""Names of nodes: any text of one line without `=`, so that ids of API files ("57:41") stay what they are."""

PARAMETER_NAME = r"^[A-Za-z_][A-Za-z0-9_-]*$"

_NODE_NAME = re.compile(NODE_NAME)
_PARAMETER_NAME = re.compile(PARAMETER_NAME)
_ROOT = frozenset(("graphexec", "name", "description", "parameters", "nodes", "targets"))
SETTINGS = ("continuation",)
"""Fields of a node that are settings of graphexec; the graph's checks judge their values, as those of other files."""

_NODE = frozenset(("type", "title", "inputs", *SETTINGS))
_PARAMETER = frozenset(("type", "default", "min", "max", "choices", "description"))
_TYPES = frozenset(("INT", "FLOAT", "STRING", "BOOLEAN"))


def plainly_valid(root: dict[str, Any]) -> bool:
    """Return True only for what `WorkflowForm` accepts; what it accepts and this does not is rare."""
    version, nodes, targets = root.get("graphexec"), root.get("nodes"), root.get("targets")
    parameters = root.get("parameters", {})
    return (
        root.keys() <= _ROOT
        and type(version) is int
        and version == 1
        and _is_text(root.get("name"))
        and _is_text(root.get("description"))
        and type(nodes) is dict
        and bool(nodes)
        and all(is_node_name(name) and _is_node(form) for name, form in nodes.items())
        and type(parameters) is dict
        and all(_PARAMETER_NAME.fullmatch(name) and _is_parameter(form) for name, form in parameters.items())
        and (targets is None or (type(targets) is list and bool(targets) and all(type(t) is str for t in targets)))
    )


def is_node_name(text: str) -> bool:
    """Whether the form allows this name of a node."""
    return _NODE_NAME.fullmatch(text) is not None


def _is_text(value: Any) -> bool:
    return value is None or type(value) is str


def _is_node(form: Any) -> bool:
    return (
        type(form) is dict
        and form.keys() <= _NODE
        and type(form.get("type")) is str
        and form["type"] != ""
        and _is_text(form.get("title"))
        and type(form.get("inputs", {})) is dict
    )


def _is_parameter(form: Any) -> bool:
    if type(form) is not dict or not form.keys() <= _PARAMETER:
        return False
    kind, choices = form.get("type"), form.get("choices")
    return (
        type(kind) is str
        and kind in _TYPES
        and (choices is None or (type(choices) is list and bool(choices)))
        and _is_text(form.get("description"))
    )
