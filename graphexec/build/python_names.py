"""Variables of a program that builds a workflow: named after titles and types, as a person would."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from graphexec.build.stubs.names import identifier, unique
from graphexec.document.model import NodeDecl
from graphexec.graph.scope import Interface

TAKEN = ("Workflow", "finding", "n", "print", "wf")
"""Names that such a program uses otherwise."""


def variables(nodes: Iterable[NodeDecl], interfaces: Mapping[str, Interface], taken: Iterable[str]) -> dict[str, str]:
    """Return a variable for each node by id: its own title in snake case, else its type."""
    nodes = list(nodes)
    stems = []
    for decl in nodes:
        interface = interfaces.get(decl.type)
        ordinary = ("", decl.type, interface.spec.display_name if interface else "")
        titled = (
            decl.title is not None and decl.title not in ordinary and re.fullmatch(r"[A-Za-z][\w -]{0,30}", decl.title)
        )
        stems.append(snake(decl.title if titled and decl.title else decl.type))
    return dict(zip((decl.id for decl in nodes), unique(stems, (*TAKEN, *taken)), strict=True))


def parameter_variables(parameters: Iterable[str]) -> dict[str, str]:
    """Return a variable for each parameter."""
    names = list(parameters)
    return dict(zip(names, unique(map(snake, names), TAKEN), strict=True))


def snake(text: str) -> str:
    """Return a text in snake case: `CLIPTextEncode` is `clip_text_encode`."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\W+", "_", text, flags=re.ASCII)
    return identifier(re.sub("_+", "_", parts).strip("_").lower() or "node")
