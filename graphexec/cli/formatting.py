"""Canonical forms of YAML workflows: checked to mean the same, then written in place."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from graphexec.cli.findings import show_findings
from graphexec.cli.status import Status
from graphexec.cli.terminal import path_line, result, say
from graphexec.cli.workflows import STDIN, once
from graphexec.convert.verification import verify
from graphexec.diagnostics.sanitize import visible
from graphexec.diagnostics.summary import has_errors
from graphexec.document.formatting import WouldLose, formatted
from graphexec.document.load import load_source, read
from graphexec.document.locate import locate
from graphexec.document.model import Document, Source
from graphexec.document.shapes import Shape, recognise
from graphexec.document.writers import NotExpressible
from graphexec.document.yaml_text import parse_yaml
from graphexec.errors import InvalidWorkflow, UsageError
from graphexec.files.atomic import write_atomically
from graphexec.registry.loading import load_registry
from graphexec.registry.table import Registry


def format_files(files: Sequence[str], *, check: bool) -> Status:
    """Format files one after another; one that has errors does not keep the others from being formatted."""
    registry = load_registry()
    worst = Status.DONE
    for file in once(files):
        try:
            changed = _format(file, registry, check=check)
        except InvalidWorkflow as error:
            show_findings(error.diagnostics)
            worst = Status.INVALID
        except (WouldLose, NotExpressible) as reason:
            say(f"error: {visible(file)} is left as it is: {visible(str(reason))}")
            worst = Status.INVALID
        else:
            if changed and check:
                worst = Status.INVALID
    return worst


def _format(file: str, registry: Registry, *, check: bool) -> bool:
    """Format one file and return whether that changes it. Raises InvalidWorkflow, WouldLose and NotExpressible."""
    source = load_source(file)
    document = _document(source, registry)
    text = formatted(document, source.text)
    if not verify(document, _document(Source(source.name, text, "yaml"), registry), registry).unchanged:
        raise AssertionError(f"formatting would change what {file} means")
    changed = text != source.text
    if file == STDIN and not check:
        sys.stdout.write(text)
    elif changed:
        if not check:
            write_atomically(Path(file), text)
        result(path_line(file))
    return changed


def _document(source: Source, registry: Registry) -> Document:
    if source.format != "yaml":
        raise UsageError(f"{source.name} is not YAML: `convert --to yaml` makes it so")
    document, findings = read(source, registry)
    if document is None or has_errors(findings):
        raise InvalidWorkflow(locate(findings, source))
    shape = recognise(parse_yaml(source.text).value)
    if not isinstance(shape, Shape) or shape.form != "named":
        raise UsageError(f"{source.name} is not in graphexec's own form: `convert --to yaml` makes it so")
    return document
