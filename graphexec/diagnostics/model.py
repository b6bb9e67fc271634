"""The values that describe one finding: severity, span and diagnostic."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from graphexec.diagnostics.sanitize import visible

Path = tuple[str | int, ...]
"""Keys and indices that lead from the root of a file to a value: `("3", "inputs", "steps")`."""


class Severity(StrEnum):
    """How bad a finding is. Only errors stop a run; `--strict` turns warnings into errors."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text; lines and columns count from 1, columns in characters, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Place:
    """A position named by structure rather than by text, so that only a finding pays for line numbers.

    `path` leads to a value of the file. With `part="key"` the key that leads there is meant.
    """

    path: Path = ()
    part: Literal["value", "key"] = "value"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `code` is stable (`graphexec.diagnostics.codes`); `hint` says what would mend it.

    Checks fill `place`; `graphexec.document.locate` adds `file`, `span` and `excerpt` (the text of the first
    line of the span), because positions are computed only when there is something to show.
    """

    code: str
    severity: Severity
    message: str
    place: Place = field(default_factory=Place)
    hint: str | None = None
    node: str | None = None
    input: str | None = None
    file: str | None = None
    span: Span | None = None
    excerpt: str | None = None
    related: tuple[Related, ...] = ()

    def __str__(self) -> str:
        where = self.file or "<workflow>"
        if self.span:
            where += f":{self.span.line}:{self.span.column}"
        hint = f" ({self.hint})" if self.hint else ""
        return visible(f"{where}: {self.severity} {self.code}: {self.message}{hint}")


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains a finding, such as the first of two equal keys."""

    message: str
    place: Place
    span: Span | None = None
    excerpt: str | None = None
