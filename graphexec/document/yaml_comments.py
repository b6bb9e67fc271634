"""The comments of a YAML text, which no parser reports: where they stand, and what they are next to."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from graphexec.diagnostics.model import Path
from graphexec.document.events import Entry, entries
from graphexec.document.yaml_events import yaml_events

_COMMENT = re.compile(r"(?:(?<=[ \t\r\n])|(?<![^\n]))#[^\r\n]*")
_DASH = re.compile(r"-[ \t]+\Z")
_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its `#`, or an empty text for a run of blank lines. `own_line` tells it from one behind code."""

    text: str
    start: int
    column: int
    own_line: bool


@dataclass(frozen=True, slots=True)
class Spot:
    """An entry of a mapping or an item of a list: where it begins (its key, if it has one), and its value."""

    path: Path
    start: int
    line: int
    column: int
    value: int
    end_line: int


class Sight:
    """A YAML text with its spots in order and its comments."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]
        self._events = list(yaml_events(text))
        self.spots = sorted(
            (self._spot(e) for e in entries(self._events) if e.path), key=lambda s: (s.start, len(s.path))
        )
        self.comments = sorted((*self._comments(), *self._blanks()), key=lambda comment: comment.start)

    def line(self, offset: int) -> int:
        """Return the number of the line that an offset is in, from 0."""
        return bisect_right(self._starts, offset) - 1

    def column(self, offset: int) -> int:
        """Return how many characters stand before an offset in its line."""
        return offset - self._starts[self.line(offset)]

    def _spot(self, entry: Entry) -> Spot:
        start = entry.key.start if entry.key else entry.start
        if entry.key is None and (dash := _DASH.search(self.text, self._starts[self.line(start)], start)):
            start = dash.start()  # an item of a block list begins with its dash
        last = max(entry.end - 1, start)
        return Spot(entry.path, start, self.line(start), self.column(start), entry.start, self.line(last))

    def _comments(self) -> Iterator[Comment]:
        """Look between the scalars: there, a `#` after a blank begins a comment."""
        position = 0
        for event in self._events:
            if event.kind != "scalar" or event.end <= event.start:
                continue
            yield from self._between(position, event.start)
            position = event.end
            if self.text[event.start] in "|>":  # the line that announces a block may end with a comment
                end = self.text.find("\n", event.start)
                yield from self._between(event.start, end if 0 <= end < event.end else event.end)
        yield from self._between(position, len(self.text))

    def _between(self, start: int, end: int) -> Iterator[Comment]:
        for match in _COMMENT.finditer(self.text, start, end):
            column = self.column(match.start())
            before = self.text[match.start() - column : match.start()]
            yield Comment(match[0].rstrip(), match.start(), column, not before.strip())

    def _blanks(self) -> Iterator[Comment]:
        """Yield one entry for every run of blank lines that is not inside a scalar."""
        inside = [(event.start, event.end) for event in self._events if event.kind == "scalar"]
        for match in re.finditer(r"(?:(?<=\n)|(?<=\r)(?!\n)|\A)(?:[ \t]*(?:\r\n|\n|\r))+", self.text):
            if not any(start < match.end() and match.start() < end for start, end in inside):
                yield Comment("", match.start(), 0, True)
