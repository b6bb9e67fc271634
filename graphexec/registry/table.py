"""The registry: which node types exist, who provides them, and what is merely known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from graphexec.diagnostics.codes import DUPLICATE_NODE_TYPE, report
from graphexec.diagnostics.model import Diagnostic
from graphexec.ports import Hooks, PlainHooks
from graphexec.registry import catalogue
from graphexec.registry.spec import NodeSpec


class Registry:
    """Node types by name; immutable once made. `schemas` are interfaces of types that cannot run here.

    Of two providers of one type the first wins, and `diagnostics` holds an error that names both; it also holds
    what went wrong while providers were loaded. `hooks` are those of the built-in nodes.
    """

    def __init__(
        self,
        specs: Iterable[NodeSpec],
        hooks: Hooks | None = None,
        diagnostics: Iterable[Diagnostic] = (),
        schemas: Mapping[str, NodeSpec] = MappingProxyType({}),
    ) -> None:
        table: dict[str, NodeSpec] = {}
        found = list(diagnostics)
        for spec in specs:
            first = table.setdefault(spec.type, spec)
            if first is not spec:
                found.append(_duplicate(first, spec))
        self._specs: Mapping[str, NodeSpec] = MappingProxyType(table)
        self._schemas = schemas
        self.hooks: Hooks = hooks or PlainHooks()
        self.diagnostics = tuple(found)

    def get(self, type: str) -> NodeSpec | None:
        """Return the spec of a node type that can run, or None."""
        return self._specs.get(type)

    def known(self, type: str) -> NodeSpec | None:
        """Return the spec of a node that has no implementation here (`function` None), or None.

        It is one that the user gave a schema of, or one of ComfyUI's core.
        """
        return None if type in self._specs else self._schemas.get(type) or catalogue.known(type)

    def names(self) -> tuple[str, ...]:
        """Return the types that can run, in the order their providers list them."""
        return tuple(self._specs)

    def known_names(self) -> tuple[str, ...]:
        """Return the types that are known and cannot run here, sorted."""
        return tuple(sorted({*catalogue.names(), *self._schemas} - self._specs.keys()))

    def __contains__(self, type: str) -> bool:
        return type in self._specs

    def __len__(self) -> int:
        return len(self._specs)


def _duplicate(first: NodeSpec, second: NodeSpec) -> Diagnostic:
    if first.provider == second.provider:
        message = f"{first.provider} provides the node type {first.type!r} twice"
    else:
        message = f"the node type {first.type!r} is provided by {first.provider} and by {second.provider}"
    finding = report(DUPLICATE_NODE_TYPE, message, hint="load only one of them, or rename the type in one")
    return replace(finding, file=second.provider)
