"""Conversions of workflow files: the format by name, the text to a file or standard output, the proof."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphexec.cli.documents import read_document
from graphexec.cli.findings import show_findings
from graphexec.cli.status import Status
from graphexec.cli.terminal import say
from graphexec.convert.formats import FORMATS, Converted, Format, convert
from graphexec.convert.verification import Verdict, verify
from graphexec.diagnostics.sanitize import visible
from graphexec.document import overrides
from graphexec.document.model import Document
from graphexec.document.writers import NotExpressible
from graphexec.errors import InvalidWorkflow, UsageError

if TYPE_CHECKING:
    from graphexec.api import Changes
    from graphexec.registry.table import Registry


def convert_file(
    file: str, to: str, out: str | None, given: Mapping[str, Any], changes: Changes, *, verify: bool
) -> Status:
    """Write a workflow in the format `to`. Raises InvalidWorkflow, UsageError and OSError.

    With `verify`, nothing is written unless what would be written means the same.
    """
    format = _format(to)
    document, registry = read_document(file, given)
    if not document.nodes:
        raise UsageError(f"{file} has no nodes that would run, so there is nothing to write")
    params = changes.get("params") or {}
    try:
        made = convert(document, format, registry, params)
    except NotExpressible as error:
        raise UsageError(f"{file} cannot be written as {format.name}: {error}") from None
    for note in made.notes:
        say(f"note: {note}")
    if verify:
        verdict = _verdict(document, made, format, registry, params)
        if not verdict.unchanged:
            _tell(verdict, format)
            return Status.MISMATCH
        say(f"verified: the graph digest is unchanged ({verdict.original})")
    _write(made.text, out)
    return Status.DONE


def _format(name: str) -> Format:
    for format in FORMATS:
        if format.name == name:
            return format
    raise UsageError(f"--to: expected one of {', '.join(format.name for format in FORMATS)}, got {name!r}")


def _verdict(
    document: Document, made: Converted, format: Format, registry: Registry, params: Mapping[str, Any]
) -> Verdict:
    if params:
        document, _ = overrides.apply(document, params=params)
    try:
        written = format.read(made.text, registry)
    except InvalidWorkflow as error:
        show_findings(error.diagnostics)
        raise AssertionError(f"what was written as {format.name} cannot be read") from error
    return verify(document, written, registry)


def _tell(verdict: Verdict, format: Format) -> None:
    from graphexec.compare.text import lines

    say(
        f"error: as {format.name} the workflow would not mean the same (graph digest {verdict.written[:12]} instead of "
        f"{verdict.original[:12]}), so nothing was written"
    )
    if verdict.comparison is not None:
        for line in lines(verdict.comparison):
            say(f"  {line}")


def _write(text: str, out: str | None) -> None:
    if out is None or out == "-":
        sys.stdout.write(text)
        return
    from graphexec.files.atomic import write_atomically

    try:
        write_atomically(Path(out), text)
    except OSError as error:
        raise UsageError(f"cannot write {visible(out)}: {error.strerror or error}") from None
