"""Reading one graphexec.toml: values that hold, and findings with their line for those that do not."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graphexec.config.table import BY_KEY, Layer, Origin, Setting
from graphexec.diagnostics.codes import BAD_CONFIG, report
from graphexec.diagnostics.model import Diagnostic, Severity, Span

FILE_NAME = "graphexec.toml"
LARGEST = 1 << 20
"""Bytes above which a configuration file is refused unread."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source of settings gave: values with origins by field, and findings."""

    values: dict[str, tuple[Any, Origin]]
    diagnostics: list[Diagnostic]


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    text: str
    layer: Layer

    def finding(self, message: str, key: str | None = None, line: int = 1, column: int = 1, *,
                hint: str | None = None, severity: Severity | None = None) -> Diagnostic:  # fmt: skip
        """Make a finding at the line of `key`, or at a line and column."""
        lines = self.text.split("\n")
        if key is not None:
            line, column = _line_of(key, self.text), 1
        excerpt = lines[min(line, len(lines)) - 1].rstrip("\r")
        end = column + len(key) if key is not None and excerpt.startswith(key) else max(column, len(excerpt)) + 1
        diagnostic = report(BAD_CONFIG, message, hint=hint, severity=severity)
        return replace(diagnostic, file=str(self.path), span=Span(line, column, line, end), excerpt=excerpt)


def read_file(path: Path, layer: Layer) -> Reading:
    """Read a configuration file; a file that does not exist gives nothing."""
    reading = Reading({}, [])
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except FileNotFoundError:
        return reading
    except OSError as error:
        reading.diagnostics.append(_File(path, "", layer).finding(f"cannot be read: {error.strerror}"))
        return reading
    try:
        if len(data) > LARGEST:
            raise ValueError(f"is larger than {LARGEST} bytes")
        text = data.decode("utf-8-sig")
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        reading.diagnostics.append(_syntax(path, data, layer, error))
        return reading
    file = _File(path, text, layer)
    for key, value in content.items():
        _take(file, key, value, reading)
    return reading


def known(word: str, words: Iterable[str]) -> str:
    """Return the hint for an unknown word: the nearest of the known ones, or all of them."""
    from graphexec.diagnostics.suggest import nearest

    words = list(words)
    near = nearest(word, words, 1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(words)}"


def _take(file: _File, key: str, value: Any, reading: Reading) -> None:
    row = BY_KEY.get(key)
    if row is None:
        reading.diagnostics.append(file.finding(f"unknown setting {key!r}", key, hint=known(key, BY_KEY)))
        return
    base = file.path.parent
    try:
        accepted = row.kind.accept(value, base)
    except ValueError as reason:
        reading.diagnostics.append(file.finding(f"{key!r}: {reason}", key))
        return
    if file.layer == "workflow file" and (refusal := _refusal(row, accepted, base)):
        message, severity = refusal
        hint = f"Put it into your own configuration file, or say --{key}."
        reading.diagnostics.append(file.finding(f"{key!r} {message}", key, hint=hint, severity=severity))
        return
    line = _line_of(key, file.text)
    reading.values[row.field] = (accepted, Origin(file.layer, f"{file.path}:{line}"))


def _refusal(row: Setting, value: Any, base: Path) -> tuple[str, Severity] | None:
    """Say why a file that lies beside a workflow, and so may come from a stranger, cannot set this value."""
    if row.trust == "user":
        return f"is ignored beside a workflow, because {row.risk}", Severity.WARNING
    if row.trust == "inside" and not Path(value).resolve().is_relative_to(base.resolve()):
        return "leads out of the directory of the workflow, which a file beside it may not do", Severity.ERROR
    return None


def _syntax(path: Path, data: bytes, layer: Layer, error: Exception) -> Diagnostic:
    """Turn what tomllib or the decoder said into a finding at its place."""
    file = _File(path, data.decode("utf-8-sig", "replace"), layer)
    if isinstance(error, UnicodeDecodeError):
        return file.finding("is not UTF-8", line=data.count(b"\n", 0, error.start) + 1)
    message = "is nested too deeply" if isinstance(error, RecursionError) else str(error)
    at = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    if at is None:
        return file.finding(message)
    line, column = (int(at[1]), int(at[2])) if at[1] else (file.text.count("\n") + 1, 1)
    return file.finding(f"not valid TOML: {message[: at.start()]}", line=line, column=column)


def _line_of(key: str, text: str) -> int:
    """Return the line on which a top-level key stands: one that starts a statement, not one inside a long string."""
    for number, start in _statements(key, text):
        try:
            tomllib.loads(text[:start])
        except tomllib.TOMLDecodeError:
            continue
        return number
    return 1


def _statements(key: str, text: str) -> Iterator[tuple[int, int]]:
    name = re.escape(key)
    pattern = re.compile(rf"""^[ \t]*\[*[ \t]*(?:{name}|"{name}"|'{name}')[ \t]*[=.\]]""", re.MULTILINE)
    for match in pattern.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.start()
