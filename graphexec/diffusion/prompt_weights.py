"""The weight syntax of prompts: `(text)` is 1.1 times as strong, `(text:1.3)` has weight 1.3, `\\(` is a parenthesis.

A number sets the weight whatever stands around it; without one the surrounding weight counts 1.1-fold. A colon
without a number behind it is text. Parentheses that are never closed are text, and so are surplus closing ones.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from graphexec.errors import NodeError

STRONGER = 1.1
DEEPEST = 200
_PARENTHESES = re.compile(r"\\[()]|[()]")


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a prompt with one weight."""

    text: str
    weight: float


def segments(prompt: str) -> list[Segment]:
    """Split a prompt at its weights, in order, escapes resolved. Raises NodeError for weights that are no numbers."""
    return [
        Segment(segment.text.replace(r"\)", ")").replace(r"\(", "("), segment.weight)
        for segment in _split(prompt, 1.0, 0)
    ]


def _split(text: str, weight: float, depth: int) -> Iterator[Segment]:
    if depth > DEEPEST:
        raise NodeError(f"the prompt nests parentheses deeper than {DEEPEST}")
    for start, end, group in _spans(text):
        if group:
            inner, own = _own_weight(text[start + 1 : end - 1], weight * STRONGER)
            yield from _split(inner, own, depth + 1)
        else:
            yield Segment(text[start:end], weight)


def _spans(text: str) -> Iterator[tuple[int, int, bool]]:
    """The top level of a text as (start, end, whether it is a group in parentheses).

    A group starts where the count of open parentheses rises from 0 and ends where it is back; the count falls below
    0 at a surplus closing one. An unclosed rest counts as a group if it also ends with a parenthesis.
    """
    start, level, last = 0, 0, -1
    for match in _PARENTHESES.finditer(text):
        if match[0] == "(":
            if level == 0:
                if start < match.start():
                    yield start, match.start(), False
                start = match.start()
            level += 1
        elif match[0] == ")":
            level, last = level - 1, match.end()
            if level == 0:
                yield start, last, True
                start = last
    if start < len(text):
        yield start, len(text), level > 0 and last == len(text) and len(text) - start > 1


def _own_weight(text: str, weight: float) -> tuple[str, float]:
    """A group's text and weight: the number behind its last colon, or else `weight`."""
    colon = text.rfind(":")
    if colon < 1:
        return text, weight
    try:
        own = float(text[colon + 1 :])
    except ValueError:
        return text, weight
    if not math.isfinite(own):
        raise NodeError(f"the weight {text[colon + 1 :].strip()!r} in the prompt is not a finite number")
    return text[:colon], own
