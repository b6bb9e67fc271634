"""Findings as one JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from graphexec.diagnostics.codes import CODES
from graphexec.diagnostics.model import Diagnostic, Place, Span
from graphexec.diagnostics.summary import count

VERSION = 1
"""Raised when a field changes its meaning or goes; new fields may come at any time."""


def render_json(diagnostics: Sequence[Diagnostic]) -> str:
    """Return `{"version", "errors", "warnings", "notes", "diagnostics": [...]}`.

    Lines and columns count from 1, columns in characters, ends are exclusive; all are null where a finding has
    no position. `path` holds the keys that lead to the place. Non-ASCII characters are escaped.
    """
    counts = {f"{severity}s": n for severity, n in count(diagnostics).items()}
    return json.dumps({"version": VERSION, **counts, "diagnostics": [_entry(d) for d in diagnostics]}, indent=2)


def _entry(d: Diagnostic) -> dict[str, Any]:
    return {
        "code": d.code,
        "severity": d.severity.value,
        "summary": CODES[d.code].summary,
        "message": d.message,
        "hint": d.hint,
        "file": d.file,
        **_position(d.span, d.place),
        "node": d.node,
        "input": d.input,
        "related": [{"message": r.message, **_position(r.span, r.place)} for r in d.related],
    }


def _position(span: Span | None, place: Place) -> dict[str, Any]:
    return {
        "line": span and span.line,
        "column": span and span.column,
        "end_line": span and span.end_line,
        "end_column": span and span.end_column,
        "path": list(place.path),
    }
