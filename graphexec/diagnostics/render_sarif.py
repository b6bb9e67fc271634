"""Findings as SARIF 2.1.0 (OASIS, 2020), which code hosts show beside the lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from graphexec import __version__
from graphexec.diagnostics.codes import CODES
from graphexec.diagnostics.model import Diagnostic, Severity, Span

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render_sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """Return a SARIF log with one run. Columns count Unicode code points."""
    used = sorted({d.code for d in diagnostics})
    driver = {"name": "graphexec", "version": __version__, "rules": [_rule(code) for code in used]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, used.index(d.code)) for d in diagnostics],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: str) -> dict[str, Any]:
    row = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": row.summary},
        "fullDescription": {"text": row.explanation},
        "defaultConfiguration": {"level": _LEVELS[row.severity]},
    }


def _result(d: Diagnostic, index: int) -> dict[str, Any]:
    text = d.message if not d.hint else f"{d.message}\n{d.hint}"
    result: dict[str, Any] = {
        "ruleId": d.code,
        "ruleIndex": index,
        "level": _LEVELS[d.severity],
        "message": {"text": text},
    }
    if d.file:
        result["locations"] = [_location(d.file, d.span)]
        related = [
            {"id": number, **_location(d.file, r.span), "message": {"text": r.message}}
            for number, r in enumerate(d.related, 1)
        ]
        if related:
            result["relatedLocations"] = related
    return result


def _location(file: str, span: Span | None) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(file)}}
    if span:
        physical["region"] = {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        }
    return {"physicalLocation": physical}


def _uri(file: str) -> str:
    """Return a file URI for an absolute path and a relative reference otherwise (`-` and the like included)."""
    path = Path(file)
    try:
        return path.as_uri() if path.is_absolute() else quote(path.as_posix(), safe="/")
    except UnicodeEncodeError:  # a name with bytes that are not UTF-8
        return quote(path.as_posix().encode("utf-8", "surrogateescape"), safe="/")
