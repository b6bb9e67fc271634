"""Findings as text for people: position, message, the source line with carets, the hint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeAlias

from graphexec.diagnostics.excerpt import underline
from graphexec.diagnostics.model import Diagnostic, Span
from graphexec.diagnostics.sanitize import visible

Role: TypeAlias = Literal["error", "warning", "note", "place", "gutter", "caret", "hint"]
Paint: TypeAlias = Callable[[Role, str], str]
"""Wraps a piece of text of the given role in terminal colours."""


def _plain(role: Role, text: str) -> str:
    return text


def render_text(diagnostics: Iterable[Diagnostic], *, paint: Paint = _plain, width: int = 100) -> str:
    """Return the findings as text without a final newline, one blank line between two of them.

    `width` is the number of terminal columns for source lines. Everything that comes from the file is escaped
    (`diagnostics.sanitize`); `paint` sees escaped text only.
    """
    return "\n\n".join("\n".join(_lines(d, paint, width)) for d in diagnostics)


def _lines(diagnostic: Diagnostic, paint: Paint, width: int) -> Iterator[str]:
    severity: Literal["error", "warning", "note"] = diagnostic.severity.value
    place = _place(diagnostic.file, diagnostic.span)
    yield f"{paint('place', place)} {paint(severity, f'{severity} {diagnostic.code}:')} {visible(diagnostic.message)}"
    gutter = _gutter(diagnostic)
    yield from _source(diagnostic.span, diagnostic.excerpt, gutter, paint, width)
    for related in diagnostic.related:
        yield f"{' ' * gutter} {paint('gutter', '=')} {paint('note', 'note:')} {visible(related.message)}"
        yield from _source(related.span, related.excerpt, gutter, paint, width)
    if diagnostic.hint:
        yield f"{' ' * gutter} {paint('gutter', '=')} {paint('hint', 'hint:')} {visible(diagnostic.hint)}"


def _place(file: str | None, span: Span | None) -> str:
    name = visible(file or "<workflow>")
    return f"{name}:{span.line}:{span.column}:" if span else f"{name}:"


def _gutter(diagnostic: Diagnostic) -> int:
    spans = [diagnostic.span, *(related.span for related in diagnostic.related)]
    return max((len(str(span.line)) for span in spans if span), default=1) + 1


def _source(span: Span | None, excerpt: str | None, gutter: int, paint: Paint, width: int) -> Iterator[str]:
    if span is None or excerpt is None:
        return
    end = span.end_column - 1 if span.end_line == span.line else len(excerpt)
    line, carets = underline(excerpt, span.column - 1, end, width)
    yield f"{paint('gutter', f'{span.line:>{gutter}} |')} {line}".rstrip()
    yield f"{paint('gutter', ' ' * gutter + ' |')} {paint('caret', carets)}"
