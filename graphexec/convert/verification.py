"""The proof that a converted workflow means what the original means: both have the same graph digest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from graphexec.compare.changes import Comparison, compare
from graphexec.document.model import Document, NodeDecl, ParameterRef
from graphexec.graph.outline import Outline, outline
from graphexec.graph.scope import NodeTypes


@dataclass(frozen=True, slots=True)
class Verdict:
    """The digests of the original and of what was read back, and where the two differ if they do."""

    original: str
    written: str
    comparison: Comparison | None = None

    @property
    def unchanged(self) -> bool:
        """Whether nothing was lost."""
        return self.original == self.written


def verify(original: Document, written: Document, types: NodeTypes) -> Verdict:
    """Compare two documents by meaning; parameters count by their defaults."""
    a, b = meaning(original, types), meaning(written, types)
    if a.digest == b.digest:
        return Verdict(a.digest, b.digest)
    return Verdict(a.digest, b.digest, compare(a, b))


def meaning(document: Document, types: NodeTypes) -> Outline:
    """Return the outline of a document whose parameters have their defaults; those without one stay open."""
    return outline(document.with_nodes({id: _filled(decl, document) for id, decl in document.nodes.items()}), types)


def _filled(decl: NodeDecl, document: Document) -> NodeDecl:
    def value(held: object) -> object:
        parameter = document.parameters.get(held.name) if isinstance(held, ParameterRef) else None
        return held if parameter is None or parameter.required else parameter.default

    if not any(isinstance(held, ParameterRef) for held in decl.inputs.values()):
        return decl
    return replace(decl, inputs=MappingProxyType({name: value(held) for name, held in decl.inputs.items()}))
