"""From places in the structure of a file to lines, columns and excerpts of its text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from graphexec.diagnostics.model import Diagnostic, Path, Place, Related, Span
from graphexec.document.events import Entry, Event, entries
from graphexec.document.json_events import json_events
from graphexec.document.model import Source
from graphexec.document.text import Lines

OVERRIDES = "<overrides>"
"""Stands for the file where a finding is about a value that was given in place of the file's."""

_OTHER_NAMES = {"class_type": "type", "type": "class_type"}
"""The field of a node's type in API files and in graphexec's own form: checks may name either."""


def locate(diagnostics: Iterable[Diagnostic], source: Source, overridden: Set[Path] = frozenset()) -> list[Diagnostic]:
    """Return the findings with file, span and excerpt, in the order given. Never raises.

    The text is parsed again with positions, once, and only if a finding needs it. A place that the text does not
    have is shown at the nearest one around it that it has. Findings that name a file keep it (their related places
    are of the source); those about values that were replaced (`Document.overridden`) name `<overrides>`.
    """
    given = list(diagnostics)
    marked = [_override(d) if d.file is None and _is_within(d.place.path, overridden) else d for d in given]
    if source.locator is not None:
        marked = [source.locator(d) for d in marked]
    if all(d.file is not None and not d.related for d in marked):
        return marked
    places = [d.place for d in marked if d.file is None and d.span is None]
    places += [related.place for d in marked for related in d.related if related.span is None]
    finder = _Finder(source, places)
    return [finder.fill(d) for d in marked]


def _is_within(path: Path, overridden: Set[Path]) -> bool:
    return any(path[:length] in overridden for length in range(1, len(path) + 1)) if overridden else False


def _override(diagnostic: Diagnostic) -> Diagnostic:
    return replace(diagnostic, file=OVERRIDES)


class _Finder:
    """Knows the text of a source and where the wanted places are in it."""

    def __init__(self, source: Source, places: Iterable[Place]) -> None:
        self._source = source
        self._lines = Lines(source.text)
        self._excerpts: dict[int, str] = {}
        wanted = {variant for place in places for variant in _variants(place.path)}
        self._entries: dict[Path, Entry] = {}
        if wanted and source.text:
            self._entries = {entry.path: entry for entry in entries(_events(source), wanted)}

    def fill(self, diagnostic: Diagnostic) -> Diagnostic:
        """Return the finding with all that can be known about its places."""
        related = tuple(self._fill_related(r) for r in diagnostic.related)
        if diagnostic.file is not None:
            return replace(diagnostic, related=related)
        span = diagnostic.span or self._span(diagnostic.place)
        excerpt = self._excerpt(span) if span else None
        return replace(diagnostic, file=self._source.name, span=span, excerpt=excerpt, related=related)

    def _fill_related(self, related: Related) -> Related:
        span = related.span or self._span(related.place)
        return replace(related, span=span, excerpt=self._excerpt(span) if span else None)

    def _span(self, place: Place) -> Span | None:
        if not self._entries:
            return None
        for path in _variants(place.path):
            if entry := self._entries.get(path):
                return self._shown(entry, place.part)
        path = place.path
        while path and path not in self._entries:
            path = path[:-1]
        return self._shown(self._entries[path], "key") if path in self._entries else None

    def _shown(self, entry: Entry, part: str) -> Span:
        """Return the span of a value; of its key if that is meant or if the value is empty; of the root, its start."""
        if entry.key and (part == "key" or entry.start == entry.end):
            return self._lines.span(entry.key.start, entry.key.end)
        if not entry.path:
            return self._lines.span(entry.start, entry.start + 1)
        return self._lines.span(entry.start, entry.end)

    def _excerpt(self, span: Span) -> str:
        if span.line not in self._excerpts:
            self._excerpts[span.line] = self._lines.line(span.line)
        return self._excerpts[span.line]


def _events(source: Source) -> Iterator[Event]:
    if source.format == "json":
        return json_events(source.text)
    from graphexec.document.yaml_events import yaml_events  # PyYAML takes 30 ms to import

    return yaml_events(source.text)


def _variants(path: Path) -> list[Path]:
    """Return the path and, where it ends in the name of a node's type, the path in the other form."""
    other = _OTHER_NAMES.get(str(path[-1])) if path else None
    return [path, (*path[:-1], other)] if other else [path]
