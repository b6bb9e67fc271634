"""Regular expressions as the editor's language writes them, made safe to match against titles."""

from __future__ import annotations

import re

MAX_LENGTH = 500
MAX_REPEATS = 4
"""Unbounded repeats in one pattern: each multiplies the time of a match by the length of the text."""

MAX_TEXT = 200
"""Characters of a title or name that are looked at."""

_NAMED_GROUP = re.compile(r"\(\?<(?![=!])")
_ANY = re.compile(r"\[\^\]")
_ESCAPED = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]", re.DOTALL)
_REPEAT = re.compile(r"[*+]|\{\d*,\d*\}")
_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{)")


class BadPattern(ValueError):
    """The pattern is malformed or too intricate; the message says which."""


def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern that is searched for, unanchored and with regard to case. Raises BadPattern.

    Repeated groups that hold a repeat or a choice may take exponential time and are refused.
    """
    if len(pattern) > MAX_LENGTH:
        raise BadPattern(f"the pattern is longer than {MAX_LENGTH} characters")
    bare = _ESCAPED.sub("x", pattern)
    if _is_intricate(bare):
        raise BadPattern("the pattern repeats what itself repeats, or repeats too often")
    translated = _ANY.sub(r"(?s:.)", _NAMED_GROUP.sub("(?P<", pattern))
    try:
        return re.compile(translated, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadPattern(f"the pattern is no regular expression: {error}") from None


def found_in(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the pattern occurs in a text, of which only the beginning is looked at."""
    return pattern.search(text[:MAX_TEXT]) is not None


def _is_intricate(bare: str) -> bool:
    if len(_REPEAT.findall(bare)) > MAX_REPEATS:
        return True
    return any(
        re.search(r"[*+{|]", bare[_group_start(bare, m.start()) : m.start()]) for m in _REPEATED_GROUP.finditer(bare)
    )


def _group_start(bare: str, end: int) -> int:
    depth = 0
    for position in range(end, -1, -1):
        depth += {")": 1, "(": -1}.get(bare[position], 0)
        if depth == 0:
            return position
    return 0
