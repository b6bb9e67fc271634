"""How findings name nodes, sockets and places of a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from graphexec.diagnostics.model import Place
from graphexec.diagnostics.sanitize import shown
from graphexec.document.model import NodeDecl
from graphexec.registry.spec import NodeSpec

_PLAIN = re.compile(r"[\w:.\-]{1,60}")


def id_text(id: str) -> str:
    """Return a node id as messages show it: quoted unless it is plain."""
    return id if _PLAIN.fullmatch(id) else shown(id)


def label(decl: NodeDecl, spec: NodeSpec | None = None) -> str:
    """Return `node 3 (KSampler)`, with the title where the author gave one (the editor's own is left out)."""
    own = ("", None, decl.type, spec.display_name if spec else None)
    title = "" if decl.title in own else f" {shown(decl.title, 40)}"
    return f"node {id_text(decl.id)} ({shown(decl.type)[1:-1]}{title})"


def input_place(decl: NodeDecl, name: str, part: Literal["value", "key"] = "value") -> Place:
    """Return the place of an input's value or name."""
    return Place(decl.input_path(name), part)


def node_place(decl: NodeDecl) -> Place:
    """Return the place of a node: its id."""
    return Place(decl.path, "key")


def type_place(decl: NodeDecl) -> Place:
    """Return the place of the name of a node's type."""
    return Place(decl.type_path or (*decl.path, "class_type"))


def outputs_text(spec: NodeSpec) -> str:
    """Return `it has 0 (MODEL), 1 (CLIP), 2 (VAE)`."""
    if not spec.outputs:
        return "it has no outputs"
    return "it has " + ", ".join(f"{slot} ({output_name(spec, slot)})" for slot in range(len(spec.outputs)))


def output_name(spec: NodeSpec, slot: int) -> str:
    """Return the name of an output, with its type where the two differ."""
    output = spec.outputs[slot]
    return output.name if output.name == output.type else f"{output.name}: {output.type}"


def did_you_mean(names: Iterable[str]) -> str | None:
    """Return `did you mean "a" or "b"?`, or None without names."""
    text = one_of([shown(name) for name in names])
    return f"did you mean {text}?" if text else None


def one_of(names: Sequence[str]) -> str:
    """Return `a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
