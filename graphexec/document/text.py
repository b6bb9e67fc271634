"""Offsets of a text as lines and columns."""

from __future__ import annotations

import re
from bisect import bisect_right

from graphexec.diagnostics.model import Span

_LINE_END = re.compile(r"\r\n|\n|\r")


class Lines:
    """Finds the line and column of an offset. Lines end with LF, CRLF or CR, as editors count them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(end.end() for end in _LINE_END.finditer(text))]

    def span(self, start: int, end: int) -> Span:
        """Return the span of the offsets `start` to `end` (exclusive), both cut to the text."""
        start = min(max(start, 0), len(self._text))
        end = min(max(end, start), len(self._text))
        return Span(*self._position(start), *self._position(end))

    def line(self, number: int) -> str:
        """Return the text of a line (counted from 1) without its line end."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self._text)
        return self._text[start:end].rstrip("\r\n")

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1
