"""Differences between two workflow files: as text or JSON, and as git asks for them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphexec.cli.sessions import Sessions
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.status import Status, message_of
from graphexec.cli.terminal import foreign_code, result
from graphexec.cli.workflows import once, resolve_argument
from graphexec.compare.changes import Comparison, compare
from graphexec.compare.text import as_json, lines
from graphexec.convert.verification import meaning
from graphexec.diagnostics.sanitize import visible
from graphexec.diagnostics.summary import has_errors
from graphexec.document.load import load_source, read
from graphexec.document.locate import locate
from graphexec.document.model import Document, Source
from graphexec.errors import GraphexecError, InvalidWorkflow, UsageError
from graphexec.plan.model import Known

if TYPE_CHECKING:
    from graphexec.api import Session

DIFFERENT = Status.INVALID
"""The exit status when two workflows differ: 1, as that of diff(1)."""

_GIT = (7, 9)
"""How many arguments git gives: path, then file, hash and mode of both versions; two more when it was renamed."""


def diff_files(files: Sequence[str], format: str, given: Mapping[str, Any]) -> Status:
    """Compare two workflows, or what git hands over. Raises UsageError and InvalidWorkflow.

    To git the status is always 0: it takes every other one for a crash and stops.
    """
    if format not in ("text", "json"):
        raise UsageError(f"--format: expected one of text, json, got {format!r}")
    if len(files) in _GIT:
        _for_git(files, format, given)
        return Status.DONE
    if len(files) != 2:
        raise UsageError(f"diff compares two files, or takes the seven arguments of git; got {len(files)}")
    once(files)
    found = _compare(files[0], files[1], given)
    _print(found, format)
    return Status.DONE if found.equal else DIFFERENT


def _for_git(files: Sequence[str], format: str, given: Mapping[str, Any]) -> None:
    path, old, _, _, new, *_ = files
    now = files[7] if len(files) > 7 else path
    if format == "text":
        result(visible(f"graphexec diff {path}" + (f" -> {now}" if now != path else "")))
    try:
        found = _compare(old, new, given)
    except (GraphexecError, OSError) as error:
        result(f"cannot be compared as workflows:\n{message_of(error)}")
        return
    _print(found, format)


def _print(found: Comparison, format: str) -> None:
    if format == "json":
        result(json.dumps(as_json(found), indent=2))
        return
    for line in lines(found):
        result(line)


def _compare(old: str, new: str, given: Mapping[str, Any]) -> Comparison:
    with Sessions() as sessions:
        session = sessions.of(settings_for(new if new != os.devnull else old, given))
        with foreign_code():
            documents = [_document(session, file) for file in (old, new)]
            outlines = [meaning(document, session.registry) for document in documents]
            keys = [_keys(session, document) for document in documents]
    both = (keys[0], keys[1]) if keys[0] is not None and keys[1] is not None else None
    return compare(outlines[0], outlines[1], both)


def _document(session: Session, file: str) -> Document:
    """Read one of the files; nothing, as git names a file that is not there, is a workflow without nodes."""
    if file == os.devnull:
        return Document(Source(file, "", "json"), {})
    source = load_source(resolve_argument(file))
    document, findings = read(source, session.registry)
    if document is None or has_errors(findings):
        raise InvalidWorkflow(locate(findings, source))
    return document


def _keys(session: Session, document: Document) -> Mapping[str, str] | None:
    """Return the cache keys that are known before a run, or None for a workflow that cannot run here."""
    if not document.nodes:
        return {}
    graph, _ = session.build(document, files_required=False)
    if graph is None:
        return None
    return {id: key.digest for id, key in session.plan(graph).keys.items() if isinstance(key, Known)}
