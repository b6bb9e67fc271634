"""How scalars and small collections are written in canonical YAML, so that reading gives the same value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from graphexec.document.scalars import is_plain_text

_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9 _./()+:-]*[A-Za-z0-9_()+])?")
_PLAIN_KEY = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./:-]*[A-Za-z0-9_])?")
_OLD_BOOLEANS = frozenset(("y", "n", "yes", "no", "on", "off"))
"""Texts in YAML 1.2, but booleans to older parsers, which may read the file too."""

_UNSAFE = re.compile("[\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that are written as escapes: controls, breaks of old parsers, marks that editors do not show."""


def scalar(value: Any) -> str:
    """Return a scalar for a place of its own: plain where that is safe, else in double quotes."""
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and ": " not in value and _is_text(value)
        return value if plain else quoted(value)
    return json.dumps(value, allow_nan=False)


def key(text: str) -> str:
    """Return the key of a mapping, without the colon."""
    return text if _PLAIN_KEY.fullmatch(text) and _is_text(text) else quoted(text)


def quoted(text: str) -> str:
    """Return a text in double quotes: JSON's notation, which YAML shares, with more escapes."""
    return _UNSAFE.sub(lambda c: f"\\u{ord(c[0]):04x}", json.dumps(text, ensure_ascii=False))


def flow(value: Any) -> str:
    """Return a value on one line; keys and texts inside collections are quoted."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return quoted(value) if isinstance(value, str) else scalar(value)


def block(head: str, value: Any, indent: int) -> Iterator[str]:
    """Yield the lines of `head value`: texts of several lines as literal blocks, collections on one line.

    `head` is the indented key with its colon; `indent` is the key's own indentation. A mapping with one plain
    entry (`{param: steps}`) is written without quotes.
    """
    if isinstance(value, str) and _is_literal(value):
        yield f"{head} |" if value.endswith("\n") else f"{head} |-"
        for line in value.removesuffix("\n").split("\n"):
            yield " " * (indent + 2) + line if line else ""
    elif isinstance(value, dict) and len(value) == 1:
        ((name, item),) = value.items()
        inner = scalar(item) if isinstance(item, str) and not re.search(r"[,\[\]{}]", item) else flow(item)
        yield f"{head} {{{key(name)}: {inner}}}"
    elif isinstance(value, (dict, list)):
        yield f"{head} {flow(value)}"
    else:
        yield f"{head} {scalar(value)}"


def _is_text(text: str) -> bool:
    return is_plain_text(text) and text.lower() not in _OLD_BOOLEANS


def _is_literal(text: str) -> bool:
    """Whether a text of several lines survives as a literal block: nothing to escape, no blank edges."""
    if "\n" not in text or text[0] in " \n" or text.endswith("\n\n"):
        return False
    lines = text.removesuffix("\n").split("\n")
    return not any(_UNSAFE.search(line) or line.isspace() for line in lines)
