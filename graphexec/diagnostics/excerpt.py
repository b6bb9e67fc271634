"""A line of source with a caret under a stretch of it: wide characters, tabs and very long lines."""

from __future__ import annotations

from graphexec.diagnostics.sanitize import cells, visible_character

TAB = "    "
CUT = "…"


def underline(line: str, start: int, end: int, width: int = 100) -> tuple[str, str]:
    """Return the line to print and the line of carets below it.

    `start` and `end` are character offsets into `line` (0-based, end exclusive); the carets take at least one
    column. A line wider than `width` terminal columns is cut around the carets. Only the characters near the
    carets are looked at, so a file without line breaks costs nothing.
    """
    start = min(max(start, 0), len(line))
    end = min(max(end, start), len(line))
    low, high = max(0, start - width), min(len(line), start + width)
    pieces = [TAB if c == "\t" else "".join(map(visible_character, c)) for c in line[low:high]]
    widths = [sum(map(cells, piece)) for piece in pieces]
    first, last = _window(widths, start - low, width)
    shown = "".join(pieces[first:last])
    before = sum(widths[first : start - low])
    under = sum(widths[start - low : min(end - low, last)])
    if low + first > 0:
        shown, before = CUT + shown, before + 1
    if low + last < len(line):
        shown += CUT
    return shown.rstrip(), " " * before + "^" * max(under, 1)


def _window(widths: list[int], caret: int, width: int) -> tuple[int, int]:
    """Return the range of pieces to show: everything if it fits, else what surrounds the caret."""
    if sum(widths) <= width:
        return 0, len(widths)
    first = last = caret
    used = 0
    while first > 0 and used + widths[first - 1] <= width // 3:
        first -= 1
        used += widths[first]
    while last < len(widths) and used + widths[last] <= width:
        used += widths[last]
        last += 1
    while first > 0 and used + widths[first - 1] <= width:
        first -= 1
        used += widths[first]
    return first, last
