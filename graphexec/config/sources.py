"""Settings in force: defaults, the user's file, the file beside the workflow, the environment, the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from graphexec.config.table import TABLE, Origin, Settings
from graphexec.config.toml import FILE_NAME, Reading, known, read_file
from graphexec.diagnostics.codes import BAD_CONFIG, report
from graphexec.diagnostics.model import Diagnostic, Severity
from graphexec.errors import UsageError

PREFIX = "GRAPHEXEC_"


def user_file() -> Path:
    """Return the path of the user's own configuration file, whether it exists or not."""
    from platformdirs import user_config_path

    return user_config_path("graphexec", appauthor=False) / FILE_NAME


def resolve(
    directory: Path,
    options: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    user: Path | None = None,
) -> tuple[Settings, tuple[Diagnostic, ...]]:
    """Return the settings for a workflow in `directory`, and what is wrong with their sources.

    `options` holds what the command line gave, by field; None means not given. A value that is wrong is left
    out, so the next source below it holds; whether to go on is the caller's decision. Raises UsageError for a
    wrong option.
    """
    user = user or user_file()
    beside = directory / FILE_NAME
    readings = [read_file(user, "user file")]
    if not _same_file(user, beside):
        readings.append(read_file(beside, "workflow file"))
    readings.append(_read_environment(os.environ if environ is None else environ))
    readings.append(_read_options(options or {}))
    values = {name: entry for reading in readings for name, entry in reading.values.items()}
    settings = replace(
        Settings(**{name: value for name, (value, _) in values.items()}),
        origins=MappingProxyType({name: origin for name, (_, origin) in values.items()}),
    )
    return settings, tuple(finding for reading in readings for finding in reading.diagnostics)


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _read_environment(environ: Mapping[str, str]) -> Reading:
    reading = Reading({}, [])
    rows = {row.variable: row for row in TABLE}
    for name, text in sorted(environ.items()):
        if not name.startswith(PREFIX):
            continue
        if (row := rows.get(name)) is None:
            hint = known(name, rows)
            reading.diagnostics.append(_variable(name, text, "unknown variable", hint, Severity.WARNING))
        elif text:
            try:
                value = row.kind.accept(row.kind.parse(text), None)
            except ValueError as reason:
                reading.diagnostics.append(_variable(name, text, str(reason)))
            else:
                reading.values[row.field] = (value, Origin("environment", name))
    return reading


def _variable(name: str, text: str, message: str, hint: str | None = None,
              severity: Severity | None = None) -> Diagnostic:  # fmt: skip
    finding = report(BAD_CONFIG, f"{name}: {message}", hint=hint, severity=severity)
    return replace(finding, file="environment", excerpt=f"{name}={text}")


def _read_options(options: Mapping[str, Any]) -> Reading:
    reading = Reading({}, [])
    for row in TABLE:
        if (given := options.get(row.field)) in (None, (), []):
            continue
        try:
            value = row.kind.accept(given, None)
        except ValueError as reason:
            raise UsageError(f"--{row.key}: {reason}") from None
        reading.values[row.field] = (value, Origin("command line", f"--{row.key}"))
    return reading
