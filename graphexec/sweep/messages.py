"""What the main process and its workers tell each other: one JSON object a line, plain data only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from graphexec.document.command_line import CommandLineText
from graphexec.document.model import Document, Source, Target
from graphexec.execute.events import Event
from graphexec.sweep.cell_run import CellOutcome

if TYPE_CHECKING:
    from graphexec.api import Changes

_UNTYPED = "untyped"
"""Marks a text whose type the parameter decides."""


def line(message: Mapping[str, Any]) -> bytes:
    """Return a message as it is sent."""
    return json.dumps(message, default=str).encode() + b"\n"


def source_fields(document: Document) -> dict[str, Any]:
    """Return the text that a document was read from."""
    source = document.source
    fields = ("name", "text", "format", "directory", "partial")
    return {field: getattr(source, field) for field in fields}


def source_of(fields: Mapping[str, Any]) -> Source:
    """Return the source that `source_fields` stands for."""
    return Source(**fields)


def change_fields(changes: Changes) -> dict[str, Any]:
    """Return changes as JSON data."""
    made: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    if params := made.get("params"):
        made["params"] = {n: {_UNTYPED: str(v)} if isinstance(v, CommandLineText) else v for n, v in params.items()}
    if targets := made.get("targets"):
        made["targets"] = [t if isinstance(t, str) else [t.node, t.output] for t in targets]
    return made


def changes_of(fields: Mapping[str, Any]) -> Changes:
    """Return the changes that `change_fields` stands for."""
    made: dict[str, Any] = dict(fields)
    if params := made.get("params"):
        made["params"] = {n: CommandLineText(v[_UNTYPED]) if isinstance(v, dict) else v for n, v in params.items()}
    if targets := made.get("targets"):
        made["targets"] = [t if isinstance(t, str) else Target(*t) for t in targets]
    return made  # type: ignore[return-value]


def event_fields(event: Event) -> dict[str, Any]:
    """Return an event as JSON data, without its preview."""
    names = ("kind", "node", "node_type", "done", "total", "seconds", "message")
    return {name: getattr(event, name) for name in names} | {"data": dict(event.data)}


def event_of(fields: Mapping[str, Any]) -> Event:
    """Return the event that `event_fields` stands for."""
    return Event(**fields)


def outcome_fields(outcome: CellOutcome) -> dict[str, Any]:
    """Return an outcome as JSON data."""
    return asdict(outcome)


def outcome_of(fields: Mapping[str, Any]) -> CellOutcome:
    """Return the outcome that `outcome_fields` stands for."""
    return CellOutcome(**{**fields, "files": tuple((path, node) for path, node in fields["files"])})
