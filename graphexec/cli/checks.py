"""Checks of workflow files: all findings of all files, in one format."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphexec.cli.findings import findings_text
from graphexec.cli.sessions import Sessions, models_named
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.status import Status
from graphexec.cli.terminal import foreign_code, result, say
from graphexec.cli.workflows import once, resolve_argument
from graphexec.diagnostics.summary import has_errors, strict, summary
from graphexec.errors import InvalidWorkflow

if TYPE_CHECKING:
    from graphexec.api import Changes
    from graphexec.diagnostics.model import Diagnostic


def check_files(files: Sequence[str], given: Mapping[str, Any], changes: Changes) -> Status:
    """Check workflows and print their findings together, in the format of the first file's settings."""
    findings: list[Diagnostic] = []
    format = ""
    with Sessions() as sessions:
        for file in once(files):
            settings = settings_for(file, given)
            format = format or settings.format
            try:
                session = sessions.of(settings)
                with foreign_code():
                    _, found = session.build(resolve_argument(file), files_required=models_named(settings), **changes)
            except InvalidWorkflow as error:
                found = list(error.diagnostics)
            findings += strict(found) if settings.strict else found
    _print(findings, format)
    return Status.INVALID if has_errors(findings) else Status.DONE


def _print(findings: Sequence[Diagnostic], format: str) -> None:
    if format == "text":
        if findings:
            result(findings_text(findings, sys.stdout))
        say(summary(findings))
    else:
        from graphexec.diagnostics.render import FORMATS, render

        result(render(findings, next(known for known in FORMATS if known == format)))
