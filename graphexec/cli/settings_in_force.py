"""Settings for a workflow: resolved, their problems reported, and shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from graphexec.cli.findings import findings_text
from graphexec.cli.terminal import result, say
from graphexec.cli.workflows import directory_of
from graphexec.config import TABLE, Settings, resolve, user_file
from graphexec.config.toml import FILE_NAME
from graphexec.diagnostics.sanitize import visible
from graphexec.diagnostics.summary import has_errors
from graphexec.errors import UsageError


def settings_for(workflow: str, given: Mapping[str, Any] | None = None) -> Settings:
    """Return the settings in force for a FILE argument; `given` are the options by field.

    Warnings about their sources go to standard error. Raises UsageError when a source has errors.
    """
    settings, findings = resolve(directory_of(workflow), given)
    if findings:
        say(findings_text(findings))
    if has_errors(findings):
        raise UsageError("the configuration has errors")
    return settings


def show(workflow: str, *, as_json: bool) -> None:
    """Print every setting with its value and origin, and the files that were looked for."""
    settings = settings_for(workflow)
    rows = [(row.key, getattr(settings, row.field), settings.origin(row.field)) for row in TABLE]
    if as_json:
        values = {
            key: {"value": value, "layer": origin.layer, "source": origin.detail or None} for key, value, origin in rows
        }
        result(json.dumps(values, indent=2))
        return
    texts = [(key, visible(_toml(value)), visible(str(origin))) for key, value, origin in rows]
    wide = max(len(key) for key, _, _ in texts)
    middle = min(max(len(value) for _, value, _ in texts), 40)
    for key, value, origin in texts:
        result(f"{key:<{wide}}  {value:<{middle}}  {origin}")
    for path in (user_file(), directory_of(workflow) / FILE_NAME):
        result(f"# {visible(str(path))}: {'read' if path.is_file() else 'not there'}")


def _toml(value: object) -> str:
    """Return a value as TOML writes it; what is not set, as a dash."""
    if value is None:
        return "-"
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
