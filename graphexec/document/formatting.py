"""Canonical YAML that keeps the author's comments: written anew from the Document, comments put where they belong."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from graphexec.diagnostics.model import Path
from graphexec.document.model import Document
from graphexec.document.writers import yaml_text
from graphexec.document.yaml_comments import Comment, Sight, Spot
from graphexec.document.yaml_events import raw_events


class WouldLose(ValueError):
    """The text holds something that the canonical form would drop; the message says what."""


@dataclass(slots=True)
class _Lines:
    """The canonical lines, and what is to stand before, behind and after each of them."""

    lines: list[str]
    head: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    before: dict[int, list[str]] = field(default_factory=dict)
    behind: dict[int, list[str]] = field(default_factory=dict)
    after: dict[int, list[tuple[int, str]]] = field(default_factory=dict)

    def text(self) -> str:
        """Return the whole. Of added blank lines, one in a row is kept and none at the edges."""
        made: list[str] = []
        _add(made, self.head)
        for number, line in enumerate(self.lines):
            pad = " " * (len(line) - len(line.lstrip()))
            behind = self.behind.get(number, [])
            above = [*self.before.get(number, []), *(behind if len(behind) > 1 else [])]
            _add(made, [pad + comment if comment else "" for comment in above])
            made.append(f"{line}  {behind[0]}" if len(behind) == 1 else line)
            _add(made, [(" " * column + comment).rstrip() for column, comment in self.after.get(number, [])])
        _add(made, self.tail)
        return "\n".join(made).strip("\n") + "\n"


def _add(made: list[str], lines: Sequence[str]) -> None:
    """Add lines; a blank one only where none stands before."""
    for line in lines:
        if line or (made and made[-1]):
            made.append(line)


def formatted(document: Document, text: str) -> str:
    """Return the canonical text of a document that was read from `text`, with all its comments. Idempotent.

    A comment on a line of its own stays before what it was before (or after what it closes); one behind code stays
    behind it. One blank line is kept where there were some. Raises WouldLose for anchors, which would be expanded, and
    NotExpressible as `yaml_text` does.
    """
    if any(getattr(event, "anchor", None) for event in raw_events(text)):
        raise WouldLose("it has anchors (&name), which the canonical form would write out wherever they are used")
    source, canonical = Sight(text), yaml_text(document)
    made = _Placing(source, Sight(canonical)).lines.text()
    if _texts(Sight(made)) != _texts(source):
        raise WouldLose("a comment in it has no place in the canonical form")
    return made


def _texts(sight: Sight) -> Counter[str]:
    return Counter(comment.text for comment in sight.comments if comment.text)


class _Placing:
    """Puts the comments of one text where they belong in another."""

    def __init__(self, source: Sight, target: Sight) -> None:
        self._spots = source.spots
        self._starts = [spot.start for spot in source.spots]
        self._target: dict[Path, Spot] = {spot.path: spot for spot in target.spots}
        self.lines = _Lines(target.text.rstrip("\n").split("\n"))
        for comment in source.comments:
            if not comment.own_line:
                self._behind(comment)
        alone = (comment for comment in source.comments if comment.own_line)
        for _, gap in groupby(alone, key=lambda comment: bisect_right(self._starts, comment.start)):
            self._between(list(gap))

    def _next(self, offset: int) -> Spot | None:
        index = bisect_right(self._starts, offset)
        return self._spots[index] if index < len(self._spots) else None

    def _previous(self, offset: int) -> Spot | None:
        index = bisect_left(self._starts, offset)
        return self._spots[index - 1] if index else None

    def _written(self, path: Path) -> Spot | None:
        """Return where a path, or the nearest that holds it, stands in the canonical text."""
        while path and path not in self._target:
            path = path[:-1]
        return self._target.get(path)

    def _between(self, gap: Sequence[Comment]) -> None:
        """Place the comments and blank lines between one entry and the next, in their order.

        The last one that is indented more than the next entry, and all before it, belong to what ends there.
        """
        before, after = self._previous(gap[0].start), self._next(gap[0].start)
        floor = after.column if after else 0
        deeper = [k for k, comment in enumerate(gap) if comment.text and comment.column > floor]
        inside = before is not None and after is not None and after.path[: len(before.path)] == before.path
        ending = 0 if inside or not deeper else deeper[-1] + 1
        for index, comment in enumerate(gap):
            text = comment.text
            following = next((other for other in gap[index:] if other.text), None)
            if before is None:
                self.lines.head.append(text)
            elif comment.start < before.value and (after is None or before.value < after.start):
                self._before(before, text)  # between a key and its value
            elif following is None:
                if after is not None and after.path in self._target:
                    self._before(after, text)
            elif index < ending:
                self._after(before, following.column, text)
            elif after is None:
                self.lines.tail.append(text)
            else:
                self._before(after, text)

    def _before(self, spot: Spot, text: str) -> None:
        written = self._written(spot.path)
        if written is None:
            self.lines.head.append(text)
        else:
            self.lines.before.setdefault(written.line, []).append(text)

    def _after(self, spot: Spot, column: int, text: str) -> None:
        """Place a comment after the last entry of the collection that its column says it belongs to."""
        holders = [path for n in range(1, len(spot.path) + 1) if (path := spot.path[:n]) in self._target]
        columns = {s.path: s.column for s in self._spots if s.path in holders}
        path = next((path for path in reversed(holders) if columns[path] <= column), holders[0] if holders else ())
        written = self._target.get(path)
        if written is None:
            self.lines.tail.append(text)
        else:
            self.lines.after.setdefault(written.end_line, []).append((written.column, text))

    def _behind(self, comment: Comment) -> None:
        """Place a comment behind the line of the first entry of its line, or of the entry that goes on there."""
        spot = self._previous(comment.start)
        while spot is not None and (earlier := self._previous(spot.start)) and earlier.line == spot.line:
            spot = earlier
        written = self._written(spot.path) if spot else None
        if written is None:
            self.lines.head.append(comment.text)
        else:
            self.lines.behind.setdefault(written.line, []).append(comment.text)
