"""A workflow under construction as a file: the format follows the suffix."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from graphexec.document.model import Document, InputValue, Link
from graphexec.document.writers import NotExpressible, api_text, yaml_text
from graphexec.errors import UsageError
from graphexec.graph.links import find_output
from graphexec.graph.scope import Interface
from graphexec.registry.table import Registry

_BY_NAME = {".yaml": True, ".yml": True, ".json": False}
"""Suffixes, and whether links of the format name their outputs (else they number them)."""


def save(document: Document, registry: Registry, path: Path) -> Path:
    """Write a document and return the path. Raises UsageError where the format cannot hold it."""
    by_name = _BY_NAME.get(path.suffix.lower())
    if by_name is None:
        raise UsageError(f"{path}: the suffix says no format: expected {', '.join(_BY_NAME)}")
    linked = with_links(document, registry, by_name=by_name)
    try:
        text = yaml_text(linked) if by_name else api_text(linked)
    except NotExpressible as error:
        raise UsageError(f"{path}: {error}") from error
    path.write_text(text, encoding="utf-8")
    return path


def with_links(document: Document, registry: Registry, *, by_name: bool) -> Document:
    """Return a document whose links name outputs, or number them, as far as the node types are known."""
    interfaces: dict[str, Interface | None] = {}
    for decl in document.nodes.values():
        if decl.type not in interfaces:
            spec = registry.get(decl.type) or registry.known(decl.type)
            interfaces[decl.type] = Interface.of(spec) if spec else None

    def written(value: InputValue) -> InputValue:
        origin = document.nodes.get(value.node) if isinstance(value, Link) else None
        interface = interfaces[origin.type] if origin is not None else None
        if interface is None or not isinstance(value, Link):
            return value
        slot = find_output(interface, value.output)
        if slot is None:
            return value
        name = interface.spec.outputs[slot].name
        return Link(value.node, name if by_name and _names(interface, name, slot) else slot)

    nodes = {
        id: replace(decl, inputs=MappingProxyType({name: written(value) for name, value in decl.inputs.items()}))
        for id, decl in document.nodes.items()
    }
    return document.with_nodes(MappingProxyType(nodes))


def _names(interface: Interface, name: str, slot: int) -> bool:
    """Whether a name is a plain word that means this output and no other."""
    return name.isidentifier() and find_output(interface, name) == slot
