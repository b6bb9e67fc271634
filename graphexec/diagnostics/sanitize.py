"""Text made safe to show: what a file's author wrote must never steer the reader's terminal."""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control characters, invisible formatting (bidi overrides, tags), lone surrogates, line separators."""
_JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiners shape Persian, Indic scripts and emoji, and can move nothing."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """Return `text` with every control or invisible formatting character as an escape (`\\x1b`, `\\u202e`).

    The result is one line and can be encoded as UTF-8. Ordinary text of any script is unchanged.
    """
    return text if text.isprintable() else "".join(map(visible_character, text))


def visible_character(character: str) -> str:
    """Return one character, or its escape when it is a control or invisible formatting character."""
    if character.isprintable() or character in _JOINERS or unicodedata.category(character) not in _HIDDEN:
        return character
    if character in _SHORT:
        return _SHORT[character]
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def shown(value: object, limit: int = 60) -> str:
    """Return a literal of a workflow as JSON-like text for messages, safe to show and at most `limit` long."""
    match value:
        case None:
            text = "null"
        case bool():
            text = "true" if value else "false"
        case str():
            text = '"' + visible(value[: limit + 1]) + '"'
        case dict():
            text = "a mapping"
        case list():
            text = "a list"
        case int() if abs(value) >= 10**limit:  # Python refuses to write out numbers of thousands of digits
            text = "a very large number"
        case _:
            text = visible(repr(value))
    return text if len(text) <= limit + 2 else text[: limit - 1] + "…" + ('"' if text[0] == '"' else "")


def cells(character: str) -> int:
    """Return how many terminal columns a character takes: 0 for combining marks, 2 for wide East Asian ones."""
    if character.isascii():
        return 1
    if unicodedata.combining(character) or character in _JOINERS or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
