"""Plain scalars of the YAML 1.2 core schema (YAML 1.2.2, chapter 10.3), for files and for the command line."""

from __future__ import annotations

import re
from typing import TypeAlias

Scalar: TypeAlias = "None | bool | int | float | str"

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_NUMERIC = frozenset("+-.0123456789")
_MOST_DIGITS = 600
"""Python converts 4300 digits by default, and never less than 640 (sys.set_int_max_str_digits)."""

OUT_OF_RANGE = 1 << 1000
"""Stands for integers of hundreds of digits, which need not be converted to be refused."""


def resolve(text: str) -> Scalar:
    """Return the value of a plain scalar: `1e-3` is a float, `0o17` an integer, `on` and `12:30` are texts.

    Integers are exact; those of more than 600 digits become `OUT_OF_RANGE` with their sign. Never raises.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    if _INTEGER.fullmatch(text):
        if len(text) > _MOST_DIGITS:
            return -OUT_OF_RANGE if text[0] == "-" else OUT_OF_RANGE
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    if infinite := _INFINITE.fullmatch(text):
        return float(infinite[1] + "inf")
    return text


def is_plain_text(text: str) -> bool:
    """Whether a plain scalar of this text is read back as this very text."""
    return isinstance(resolve(text), str)
