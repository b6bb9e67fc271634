"""Ranges of numbers as axes write them: `1..5`, `20..4:-4`, `0.5..1.0:0.1`."""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = r"[-+]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?::({_NUMBER}))?")
_MOST_DIGITS = 30


class BadRange(ValueError):
    """A range that has no values, or more than are allowed."""


def expand(text: str, most: int) -> list[str] | None:
    """Return the numbers of a range as texts, both ends included if the step meets them; None for another text.

    Whole numbers go by 1 unless a step is given; others need one. The arithmetic is decimal, so that 0.1 is 0.1.
    Raises BadRange.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    if any(part and len(part) > _MOST_DIGITS for part in match.groups()):
        raise BadRange("the numbers of a range have at most 30 digits")
    first, last = Decimal(match[1]), Decimal(match[2])
    if match[3] is None:
        if "." in match[1] or "." in match[2]:
            raise BadRange(f"a range of fractions needs a step: {text}:0.1")
        step = Decimal(1 if last >= first else -1)
    else:
        step = Decimal(match[3])
    if not step:
        raise BadRange("the step of a range is not 0")
    if (last - first) * step < 0:
        raise BadRange(f"steps of {match[3]} do not lead from {match[1]} to {match[2]}")
    count = int((last - first) / step) + 1
    if count > most:
        raise BadRange(f"the range has {count} values; {most} are the most")
    fraction = "." in text.replace("..", "")
    return [_written(first + step * number, fraction) for number in range(count)]


def _written(number: Decimal, fraction: bool) -> str:
    text = f"{number.normalize():f}"
    return f"{text}.0" if fraction and "." not in text else text
