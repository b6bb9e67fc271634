"""A workflow as a drawing on standard output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphexec.cli.findings import show_findings
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.terminal import foreign_code, result
from graphexec.cli.workflows import resolve_argument
from graphexec.document.load import load_source, read
from graphexec.document.locate import locate
from graphexec.errors import InvalidWorkflow, UsageError
from graphexec.graph.draw import DRAWING_FORMATS, draw
from graphexec.registry.loading import load_registry


def draw_file(file: str, format: str, given: Mapping[str, Any]) -> None:
    """Print the drawing of a workflow. Raises InvalidWorkflow when there is nothing to draw."""
    known = next((name for name in DRAWING_FORMATS if name == format), None)
    if known is None:
        raise UsageError(f"--format: expected one of {', '.join(DRAWING_FORMATS)}, got {format!r}")
    settings = settings_for(file, given)
    with foreign_code():
        registry = load_registry(settings.nodes, settings.object_info)
    show_findings(registry.diagnostics)
    source = load_source(resolve_argument(file))
    document, findings = read(source, registry)
    if document is None:
        raise InvalidWorkflow(locate(findings, source))
    show_findings(locate(findings, source))
    result(draw(document, registry, known))
