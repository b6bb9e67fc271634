"""FILE arguments read as Documents, for verbs that look at a workflow without building it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphexec.cli.findings import show_findings
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.terminal import foreign_code
from graphexec.cli.workflows import resolve_argument
from graphexec.diagnostics.summary import has_errors
from graphexec.document.load import load_source, read
from graphexec.document.locate import locate
from graphexec.document.model import Document
from graphexec.errors import InvalidWorkflow
from graphexec.registry.loading import load_registry

if TYPE_CHECKING:
    from graphexec.registry.table import Registry


def read_document(file: str, given: Mapping[str, Any]) -> tuple[Document, Registry]:
    """Return the Document of a FILE argument and the registry by which it was read; warnings are shown.

    Raises InvalidWorkflow when the file has errors.
    """
    settings = settings_for(file, given)
    with foreign_code():
        registry = load_registry(settings.nodes, settings.object_info)
    show_findings(registry.diagnostics)
    source = load_source(resolve_argument(file))
    document, findings = read(source, registry)
    located = locate(findings, source)
    if document is None or has_errors(located):
        raise InvalidWorkflow(located)
    show_findings(located)
    return document, registry
