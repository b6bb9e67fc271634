"""What is done to findings as a whole: order, strictness, counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from graphexec.diagnostics.model import Diagnostic, Severity


def strict(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the findings with every warning made an error; notes stay notes."""
    return [replace(d, severity=Severity.ERROR) if d.severity is Severity.WARNING else d for d in diagnostics]


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the findings by file, line and column; those without a position first, equal ones as they came."""
    return sorted(diagnostics, key=_position)


def _position(diagnostic: Diagnostic) -> tuple[str, int, int]:
    span = diagnostic.span
    return (diagnostic.file or "", span.line if span else 0, span.column if span else 0)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any finding is an error."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


def count(diagnostics: Iterable[Diagnostic]) -> dict[Severity, int]:
    """Return the number of findings of each severity, worst first."""
    counts = Counter(d.severity for d in diagnostics)
    return {severity: counts[severity] for severity in Severity}


def summary(diagnostics: Sequence[Diagnostic]) -> str:
    """Return the counts as a phrase: `2 errors, 1 warning`, or `no problems`."""
    parts = [f"{n} {severity}{'' if n == 1 else 's'}" for severity, n in count(diagnostics).items() if n]
    return ", ".join(parts) or "no problems"
