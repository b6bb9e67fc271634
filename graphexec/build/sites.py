"""Where in a Python program something was said: remembered cheaply, read only when a finding is about it."""

from __future__ import annotations

import linecache
import sys
from dataclasses import replace
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from graphexec.diagnostics.model import Diagnostic, Span


class Site(NamedTuple):
    """An instruction of a code object: the call that made a node, or the assignment of an input."""

    code: CodeType
    instruction: int


def site(depth: int) -> Site:
    """Return where the caller `depth` frames up stands."""
    frame = sys._getframe(depth + 1)
    return Site(frame.f_code, frame.f_lasti)


def at(finding: Diagnostic, site: Site, argument: str | None = None) -> Diagnostic:
    """Return the finding with file, span and excerpt of a site; of a call, those of the keyword argument if any."""
    span = _span(site)
    name = site.code.co_filename
    if span is None:
        return replace(finding, file=name)
    if argument is not None:
        span = _argument(name, span, argument) or span
    excerpt = linecache.getline(name, span.line).rstrip("\r\n") or None
    return replace(finding, file=_shown(name), span=span, excerpt=excerpt)


def _span(site: Site) -> Span | None:
    positions = list(site.code.co_positions())
    line, end_line, column, end_column = positions[site.instruction // 2]
    if line is None:
        return None
    if end_line is None or column is None or end_column is None:  # python -X no_debug_ranges
        return Span(line, 1, line, 1)
    name = site.code.co_filename
    return Span(line, _characters(name, line, column), end_line, _characters(name, end_line, end_column))


def _characters(name: str, line: int, column: int) -> int:
    """Return the column in characters, from 1, of one that Python counts in bytes from 0."""
    text = linecache.getline(name, line).encode()
    return len(text[:column].decode(errors="ignore")) + 1 if text else column + 1


def _argument(name: str, call: Span, argument: str) -> Span | None:
    """Return the span of the value of a keyword argument of the call that ends where `call` ends."""
    import ast

    try:
        tree = ast.parse("".join(linecache.getlines(name)))
    except (SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or node.end_lineno != call.end_line or node.end_col_offset is None:
            continue
        if _characters(name, call.end_line, node.end_col_offset) != call.end_column:
            continue
        for keyword in node.keywords:
            value = keyword.value
            if keyword.arg == argument and value.end_lineno is not None and value.end_col_offset is not None:
                return Span(
                    value.lineno,
                    _characters(name, value.lineno, value.col_offset),
                    value.end_lineno,
                    _characters(name, value.end_lineno, value.end_col_offset),
                )
    return None


def _shown(name: str) -> str:
    """Return a file below the working directory relative to it, any other as Python names it."""
    path = Path(name)
    return str(path.relative_to(Path.cwd())) if path.is_absolute() and path.is_relative_to(Path.cwd()) else name
