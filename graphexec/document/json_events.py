"""The events of a JSON text: a tolerant scanner without recursion, used only when a position is needed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from graphexec.document.events import Event, Kind

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]|[^\s\[\]{},:"]+', re.DOTALL)

_KINDS: dict[str, Kind] = {"{": "mapping", "[": "list", "}": "end", "]": "end"}


def json_events(text: str) -> Iterator[Event]:
    """Yield the events of a JSON text. Never raises; for text that is not JSON they mean what they can."""
    for token in _TOKEN.finditer(text):
        start, end = token.span()
        kind = _KINDS.get(text[start])
        if kind:
            yield Event(kind, start, end)
        else:
            yield Event("scalar", start, end, decode(text[start:end]))


def decode(token: str) -> str:
    """Return what a string token says; other tokens as they stand."""
    if token[0] != '"':
        return token
    if "\\" in token:
        try:
            return str(json.loads(token, strict=False))
        except ValueError:
            pass
    return token[1:].removesuffix('"')
