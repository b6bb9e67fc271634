"""JSON text to a value: the C parser, plus what it lets pass (equal keys, half characters, endless numbers)."""

from __future__ import annotations

import json
import re
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic
from graphexec.document.depth import nesting
from graphexec.document.events import repeated_keys
from graphexec.document.json_events import json_events
from graphexec.document.limits import MAX_DEPTH
from graphexec.document.model import Unreadable
from graphexec.document.parsed import Parsed, broken_text, duplicate_key, half_character, place_at, too_deep
from graphexec.document.text import Lines

_HALF_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_HALF = re.compile("[\ud800-\udfff]")
_ENDLESS = re.compile(r"-?[0-9]{600,}")
"""Python converts 4300 digits by default, and never less than 640 (sys.set_int_max_str_digits)."""

_TRAILING_COMMA = re.compile(r",\s*\Z")


def parse_json(text: str) -> Parsed:
    """Return the value of a JSON text. Never raises.

    NaN and Infinity are read as Python does; who uses a number checks it. An integer of thousands of digits is
    reported here and becomes `Unreadable`.
    """
    if nesting(text) > MAX_DEPTH:
        return Parsed.refused(_deep(text))
    hook = _Pairs()
    found: list[Diagnostic] = []
    try:
        value = json.loads(text, object_pairs_hook=hook)
    except json.JSONDecodeError as error:
        return Parsed.refused(_syntax_error(text, error))
    except RecursionError:
        return Parsed.refused(_deep(text))
    except ValueError:  # an integer longer than Python converts
        value = json.loads(text, object_pairs_hook=hook, parse_int=_integer)
        found += _endless_integers(text)
    if hook.repeated:
        lines = Lines(text)
        for entry, first in repeated_keys(json_events(text)):
            if entry.key:
                found.append(duplicate_key(lines, entry.path, first[1:3], entry.key[1:3]))
    if _HALF_ESCAPE.search(text):
        found += _half_characters(text)
    return Parsed(value, tuple(found))


class _Pairs:
    """Makes dicts, and remembers whether any had a key twice."""

    __slots__ = ("repeated",)

    def __init__(self) -> None:
        self.repeated = False

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            self.repeated = True
        return made


def _integer(digits: str) -> int | Unreadable:
    return Unreadable() if _ENDLESS.fullmatch(digits) else int(digits)


def _endless_integers(text: str) -> list[Diagnostic]:
    lines = Lines(text)
    message = "an integer of {} digits is out of range"
    return [
        place_at(codes.report(codes.BAD_NUMBER, message.format(e.end - e.start)), lines, e.start, e.end)
        for e in json_events(text)
        if text[e.start] != '"' and _ENDLESS.fullmatch(e.text)
    ]


def _half_characters(text: str) -> list[Diagnostic]:
    lines = Lines(text)
    return [half_character(lines, e.start, e.end) for e in json_events(text) if _HALF.search(e.text)]


def _deep(text: str) -> Diagnostic:
    depth = start = 0
    for event in json_events(text):
        if event.kind in ("mapping", "list"):
            depth += 1
        elif event.kind == "end":
            depth -= 1
        if depth > MAX_DEPTH:
            start = event.start
            break
    return too_deep(Lines(text), start)


_MESSAGES = {
    "Expecting value": "a value is expected here",
    "Expecting ',' delimiter": "',' or a closing bracket is expected here",
    "Expecting ':' delimiter": "':' is expected here",
    "Expecting property name enclosed in double quotes": "a key in double quotes is expected here",
    "Unterminated string starting at": "the string that begins here has no end",
    "Invalid control character at": "a string may not hold a line break or another control character",
    "Invalid \\escape": "unknown escape in a string",
    "Invalid \\uXXXX escape": "\\u needs four hexadecimal digits",
    "Extra data": "the value has ended; nothing may follow it",
}


def _syntax_error(text: str, error: json.JSONDecodeError) -> Diagnostic:
    """Report where the parser gave up, in words that do not depend on Python's version."""
    lines = Lines(text)
    position = error.pos
    if not text.strip():
        return broken_text(lines, "the file is empty", 0, 0)
    before = text[max(0, position - 1000) : position]
    comma = _TRAILING_COMMA.search(before)
    if comma and text[position : position + 1] in ("}", "]"):
        position -= len(before) - comma.start()
    if error.msg.startswith("Illegal trailing comma") or position != error.pos:
        return broken_text(lines, "a comma stands before the closing bracket", position, position + 1, "remove it")
    if not text[position:].strip() and not error.msg.startswith("Unterminated"):
        end = len(text.rstrip())
        return broken_text(lines, "the text ends before the value does", end, end, "is the file complete?")
    message = next((ours for theirs, ours in _MESSAGES.items() if error.msg.startswith(theirs)), error.msg)
    return broken_text(lines, message, position, position + 1, _advice(text, position))


def _advice(text: str, position: int) -> str | None:
    rest = text[position : position + 4]
    if rest[:1] == "'":
        return "JSON takes double quotes only"
    if rest.startswith(("//", "/*", "#")):
        return "JSON has no comments; a YAML workflow may hold them"
    if rest.startswith(("True", "Fals", "None")):
        return "JSON writes true, false and null"
    return None
