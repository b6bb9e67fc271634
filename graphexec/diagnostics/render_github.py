"""Findings as GitHub workflow commands, which annotate a pull request from the log of a job."""

from __future__ import annotations

from collections.abc import Iterable

from graphexec.diagnostics.codes import CODES
from graphexec.diagnostics.model import Diagnostic, Severity
from graphexec.diagnostics.sanitize import visible

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_IN_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one `::error file=...,line=...::message` command a line."""
    return "\n".join(map(_command, diagnostics))


def _command(d: Diagnostic) -> str:
    properties: dict[str, str] = {"title": f"{d.code} {CODES[d.code].summary}"}
    if d.file:
        properties["file"] = visible(d.file)
    if d.span:
        properties |= {"line": str(d.span.line), "endLine": str(d.span.end_line)}
        if d.span.line == d.span.end_line:  # GitHub ignores columns of a range of lines
            properties |= {"col": str(d.span.column), "endColumn": str(d.span.end_column)}
    shown = ",".join(f"{key}={value.translate(_IN_PROPERTY)}" for key, value in properties.items())
    text = visible(d.message) if not d.hint else f"{visible(d.message)}\n{visible(d.hint)}"
    return f"::{_COMMANDS[d.severity]} {shown}::{text.translate(_IN_MESSAGE)}"
