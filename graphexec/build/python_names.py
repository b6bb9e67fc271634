"""Variables of a program that builds a workflow: named after titles and types, as a person would."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from graphexec.build.stubs.names import identifier, unique
from graphexec.document.model import NodeDecl
from graphexec.graph.scope import Interface

TAKEN = ("Workflow", "finding", "n", "print", "wf")
"""Names that such a program uses otherwise."""

_WORDS = re.compile(r"[A-Za-z][A-Za-z0-9_ -]{0,30}")


def variables(nodes: Iterable[NodeDecl], interfaces: Mapping[str, Interface], taken: Iterable[str]) -> dict[str, str]:
    """Return a variable for each node by id, in snake case: its own title, else its id, else its type."""
    nodes = list(nodes)
    stems = [snake(_stem(decl, interfaces.get(decl.type))) for decl in nodes]
    return dict(zip((decl.id for decl in nodes), unique(stems, (*TAKEN, *taken)), strict=True))


def _stem(decl: NodeDecl, interface: Interface | None) -> str:
    """Return the title that the author gave, or the id if that is a word, or the type."""
    ordinary = (None, "", decl.type, interface.spec.display_name if interface else "")
    words = (text for text in (decl.title, decl.id) if text not in ordinary)
    return next((text for text in words if text and _WORDS.fullmatch(text)), decl.type)


def parameter_variables(parameters: Iterable[str]) -> dict[str, str]:
    """Return a variable for each parameter."""
    names = list(parameters)
    return dict(zip(names, unique(map(snake, names), TAKEN), strict=True))


def snake(text: str) -> str:
    """Return a text in snake case: `CLIPTextEncode` is `clip_text_encode`."""
    parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\W+", "_", text, flags=re.ASCII)
    return identifier(re.sub("_+", "_", parts).strip("_").lower() or "node")
