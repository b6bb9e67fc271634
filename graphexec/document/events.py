"""The structure of a text with offsets, as a flat sequence of events: what JSON and YAML have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from graphexec.diagnostics.model import Path

Kind: TypeAlias = Literal["mapping", "list", "end", "scalar"]


class Event(NamedTuple):
    """One step through a text: a collection begins or ends, or a scalar (or alias) stands there.

    `start` and `end` are character offsets. `end` is -1 where a block collection ends, which has no closing mark.
    Inside a mapping keys and values alternate; `text` is what a scalar says.
    """

    kind: Kind
    start: int
    end: int
    text: str = ""


class Entry(NamedTuple):
    """A complete value: its path, its offsets, the event of its key, and where the collection around it begins."""

    path: Path
    start: int
    end: int
    key: Event | None
    parent: int


@dataclass(slots=True)
class _Frame:
    """An open collection. `path` is None for keys and where nothing inside is wanted."""

    mapping: bool
    path: Path | None
    start: int
    last: int
    own_key: Event | None
    is_key: bool
    index: int = 0
    key: Event | None = None


def entries(events: Iterable[Event], wanted: Set[Path] | None = None) -> Iterator[Entry]:
    """Yield every value of the text once it is complete, children before what holds them.

    With `wanted` only those paths and the ones that lead to them are yielded. Events may stop early: then what is
    open ends where the last of its values does.
    """
    prefixes = None if wanted is None else {path[:n] for path in wanted for n in range(len(path) + 1)}
    stack: list[_Frame] = []
    events = iter(events)
    for event in events:
        if event.kind == "end":
            if not stack:
                return
            yield from _complete(stack, event.end)
            continue
        path, key, is_key = _step(stack)
        if prefixes is not None and path not in prefixes:
            path = None
            if event.kind != "scalar":
                event = _skip(events, event)
                _note(stack, event, is_key)
                continue
        if event.kind == "scalar":
            if path is not None:
                yield Entry(path, event.start, event.end, key, stack[-1].start if stack else -1)
            _note(stack, event, is_key)
        else:
            stack.append(_Frame(event.kind == "mapping", path, event.start, event.end, key, is_key))
    while stack:
        yield from _complete(stack, -1)


def _skip(events: Iterator[Event], opening: Event) -> Event:
    """Pass over the rest of a collection and return it as one event."""
    depth, last = 1, opening.end
    for kind, _, end, _ in events:
        last = end if end > last else last
        if kind == "end":
            depth -= 1
            if not depth:
                break
        elif kind != "scalar":
            depth += 1
    return Event("end", opening.start, last)


def _step(stack: list[_Frame]) -> tuple[Path | None, Event | None, bool]:
    """Return path and key of the value that begins now, and whether it is itself a key."""
    if not stack:
        return (), None, False
    frame = stack[-1]
    if not frame.mapping:
        return None if frame.path is None else (*frame.path, frame.index), None, False
    if frame.key is None:
        return None, None, True
    return None if frame.path is None else (*frame.path, frame.key.text), frame.key, False


def _complete(stack: list[_Frame], end: int) -> Iterator[Entry]:
    """Close the innermost collection; `end` is negative where no mark closes it."""
    frame = stack.pop()
    end = frame.last if end < 0 else end
    if frame.path is not None:
        yield Entry(frame.path, frame.start, end, frame.own_key, stack[-1].start if stack else -1)
    _note(stack, Event("end", frame.start, end), frame.is_key)


def _note(stack: list[_Frame], event: Event, is_key: bool) -> None:
    """Tell the collection around that a key or a value is complete."""
    if not stack:
        return
    frame = stack[-1]
    frame.last = max(frame.last, event.end)
    if is_key:
        frame.key = event
    else:
        frame.key = None
        frame.index += 1


def repeated_keys(events: Iterable[Event]) -> list[tuple[Entry, Event]]:
    """Return every entry whose key stood before in the same mapping, with that first key; in order of the text."""
    first: dict[tuple[int, str], Event] = {}
    repeated: list[tuple[Entry, Event]] = []
    for entry in sorted((e for e in entries(events) if e.key), key=lambda e: e.key.start if e.key else 0):
        if entry.key is not None:
            before = first.setdefault((entry.parent, entry.key.text), entry.key)
            if before is not entry.key:
                repeated.append((entry, before))
    return repeated
