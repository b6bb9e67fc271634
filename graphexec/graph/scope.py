"""What the checks of one build share: the document, the specs of its nodes, the findings so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from graphexec.diagnostics.model import Diagnostic, Severity
from graphexec.document.model import Document
from graphexec.graph.model import Edge
from graphexec.graph.naming import label
from graphexec.graph.prompts import reads_prompts
from graphexec.graph.sockets import fits
from graphexec.ports import Files
from graphexec.registry.spec import InputSpec, NodeSpec

PREFIX = "filename_prefix"
"""The input by which output nodes name their files."""


class NodeTypes(Protocol):
    """The node types that a build may use. `registry.table.Registry` implements it."""

    def get(self, type: str) -> NodeSpec | None:
        """Return the spec of a type that can run, or None."""

    def known(self, type: str) -> NodeSpec | None:
        """Return the spec of a type that is known but cannot run, or None."""

    def names(self) -> Iterable[str]:
        """Return the types that can run."""

    def known_names(self) -> Iterable[str]:
        """Return the types that are known but cannot run."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A spec with what the checks look up again and again.

    `naming` are the inputs whose texts may name files: models and inputs, prefixes, embeddings in prompts.
    """

    spec: NodeSpec
    inputs: Mapping[str, InputSpec]
    required: tuple[str, ...]
    naming: tuple[InputSpec, ...]

    @classmethod
    def of(cls, spec: NodeSpec) -> Interface:
        """Index a spec."""
        prompts = "STRING" if reads_prompts(spec.inputs) else None
        naming = tuple(i for i in spec.inputs if i.folder or i.name == PREFIX or i.type == prompts)
        required = tuple(i.name for i in spec.inputs if i.required)
        return cls(spec, {i.name: i for i in spec.inputs}, required, naming)


@dataclass(slots=True)
class Scope:
    """The state of one build. `interfaces` has an entry for every node of a known type."""

    document: Document
    types: NodeTypes
    files: Files | None
    missing_model: Severity
    interfaces: Mapping[str, Interface] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)
    _fits: dict[tuple[str, str], bool] = field(default_factory=dict)
    _sources: dict[str, Edge | None] = field(default_factory=dict)
    _makes: dict[str, bool] = field(default_factory=dict)
    file_faults: dict[tuple[str, str], Any] = field(default_factory=dict)

    def label(self, id: str) -> str:
        """Return a node of the document as messages name it."""
        interface = self.interfaces.get(id)
        return label(self.document.nodes[id], interface.spec if interface else None)

    def has_node(self, id: str) -> bool:
        """Whether the file has a node of this id, be it one that could not be read."""
        return id in self.document.nodes or id in self.document.broken

    def fits(self, output: str, input: str) -> bool:
        """Whether the socket types fit, remembered."""
        pair = (output, input)
        known = self._fits.get(pair)
        if known is None:
            known = self._fits[pair] = fits(output, input)
        return known

    def source(self, type: str) -> Edge | None:
        """Return the first output of the document that is exactly of a socket type, for hints."""
        if type not in self._sources:
            self._sources[type] = next(
                (
                    Edge(id, slot)
                    for id, interface in self.interfaces.items()
                    for slot, output in enumerate(interface.spec.outputs)
                    if output.type == type
                ),
                None,
            )
        return self._sources[type]

    def is_made(self, type: str) -> bool:
        """Whether any known node type has an output that fits a socket type."""
        if type not in self._makes:
            specs = (
                *map(self.types.get, self.types.names()),
                *map(self.types.known, self.types.known_names()),
            )
            self._makes[type] = any(fits(o.type, type) for spec in specs if spec for o in spec.outputs if o.type != "*")
        return self._makes[type]
