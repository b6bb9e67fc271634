"""Findings on the streams, in the format that the settings ask for."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from graphexec.cli.terminal import has_colour, paint, say

if TYPE_CHECKING:
    from graphexec.diagnostics.model import Diagnostic


def findings_text(diagnostics: Sequence[Diagnostic], stream: TextIO | None = None) -> str:
    """Return findings as text, coloured when `stream` (standard error unless given) is a terminal."""
    from graphexec.diagnostics.render_text import render_text

    width = max(shutil.get_terminal_size((100, 24)).columns - 8, 40)
    if has_colour(stream or sys.stderr):
        return render_text(diagnostics, paint=paint, width=width)
    return render_text(diagnostics, width=width)


def show_findings(diagnostics: Sequence[Diagnostic]) -> None:
    """Print findings on standard error; notes are for `check`."""
    from graphexec.diagnostics.model import Severity

    told = [finding for finding in diagnostics if finding.severity is not Severity.NOTE]
    if told:
        say(findings_text(told))
