"""A workflow under construction as a file: the format follows the suffix."""

from __future__ import annotations

from pathlib import Path

from graphexec.document.model import Document
from graphexec.document.writers import NotExpressible, api_text, yaml_text
from graphexec.errors import UsageError
from graphexec.files.atomic import write_atomically
from graphexec.graph.link_notation import named, numbered
from graphexec.registry.table import Registry

_WRITERS = {
    ".yaml": lambda document, registry: yaml_text(named(document, registry)),
    ".yml": lambda document, registry: yaml_text(named(document, registry)),
    ".json": lambda document, registry: api_text(numbered(document, registry)),
}


def save(document: Document, registry: Registry, path: Path) -> Path:
    """Write a document and return the path. Raises UsageError where the format cannot hold it."""
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise UsageError(f"{path}: the suffix says no format: expected {', '.join(_WRITERS)}")
    try:
        text = write(document, registry)
    except NotExpressible as error:
        raise UsageError(f"{path}: {error}") from error
    write_atomically(path, text)
    return path
