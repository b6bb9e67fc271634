"""A file as the start of a workflow under construction."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from graphexec.diagnostics.summary import has_errors
from graphexec.document.load import load_source, read
from graphexec.document.locate import locate
from graphexec.document.model import Document
from graphexec.errors import InvalidWorkflow
from graphexec.registry.loading import Pack, load_registry


def open_document(workflow: str | os.PathLike[str] | Mapping[str, Any], packs: Iterable[Pack]) -> Document:
    """Return the Document of a file, its findings kept in the source. Raises InvalidWorkflow when there are errors."""
    source = load_source(workflow)
    document, findings = read(source, load_registry(packs))
    if document is None or has_errors(findings):
        raise InvalidWorkflow(locate(findings, source))
    return replace(document, source=replace(source, findings=tuple(findings)))
