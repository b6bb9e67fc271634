"""The output formats of findings by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

from graphexec.diagnostics.model import Diagnostic

Format: TypeAlias = Literal["text", "json", "sarif", "github"]
FORMATS: tuple[Format, ...] = get_args(Format)


def render(diagnostics: Sequence[Diagnostic], format: Format = "text") -> str:
    """Return the findings in one of FORMATS."""
    match format:
        case "text":
            from graphexec.diagnostics.render_text import render_text

            return render_text(diagnostics)
        case "json":
            from graphexec.diagnostics.render_json import render_json

            return render_json(diagnostics)
        case "sarif":
            from graphexec.diagnostics.render_sarif import render_sarif

            return render_sarif(diagnostics)
        case "github":
            from graphexec.diagnostics.render_github import render_github

            return render_github(diagnostics)
