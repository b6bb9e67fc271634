"""YAML text to a value: built from libyaml's events without recursion, with the scalars of YAML 1.2."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Path, Place
from graphexec.document.limits import MAX_ALIASED_VALUES, MAX_DEPTH
from graphexec.document.parsed import Parsed, broken_text, duplicate_key, half_character, place_at, too_deep
from graphexec.document.scalars import resolve
from graphexec.document.text import Lines
from graphexec.document.yaml_events import extent, raw_events

_HALF = re.compile("[\ud800-\udfff]")
_BREAKS = re.compile("[\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse_yaml(text: str) -> Parsed:
    """Return the value of a YAML text of one document. Never raises.

    Keys are texts as written (`3:` is the key "3"). Aliases share their value, within limits. Tags, merge keys
    and keys that are collections are refused.
    """
    if odd := _BREAKS.search(text):
        # YAML 1.1 parsers, libyaml too, take these for line ends and fold them; YAML 1.2 keeps them.
        message = f"U+{ord(odd[0]):04X} is a line end to some YAML parsers and a letter to others"
        return Parsed.refused(broken_text(Lines(text), message, *odd.span(), hint="write it as an escape in quotes"))
    builder = _Builder(text)
    try:
        for event in raw_events(text):
            builder.take(event)
    except _Stop:
        return Parsed.refused(*builder.found)
    except yaml.YAMLError as error:
        return Parsed.refused(*builder.found, _syntax_error(text, error))
    return Parsed(builder.value, tuple(builder.found))


class _Stop(Exception):
    """The rest of the text cannot be used; the finding is made."""


@dataclass(slots=True)
class _Anchored:
    """What an alias stands for: a value, how many values it holds, and how deep it nests. Open until complete."""

    value: Any = None
    size: int = 1
    height: int = 0
    open: bool = True


class _Frame:
    """An open collection. `keys` maps each key of a mapping to its offsets (None for a list)."""

    __slots__ = ("anchored", "key", "keys", "value")

    def __init__(self, value: list[Any] | dict[str, Any], anchored: _Anchored) -> None:
        self.value = value
        self.anchored = anchored
        self.key: str | None = None
        self.keys: dict[str, tuple[int, int]] | None = {} if isinstance(value, dict) else None


class _Builder:
    """Builds the value event by event."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.value: Any = None
        self.found: list[Diagnostic] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._aliased = 0
        self._documents = 0
        self._line_table: Lines | None = None

    @property
    def _lines(self) -> Lines:
        if self._line_table is None:
            self._line_table = Lines(self.text)
        return self._line_table

    def take(self, event: Any) -> None:
        """Add one event. Raises _Stop after a finding that makes the rest meaningless."""
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._open(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                frame = self._stack.pop()
                frame.anchored.open = False
                self._add(frame.value, frame.anchored.size, frame.anchored.height)
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._refuse(codes.SYNTAX_ERROR, event, "a file holds one document; this is a second one")

    def _scalar(self, event: Any) -> None:
        self._refuse_tag(event)
        frame = self._stack[-1] if self._stack else None
        plain = event.implicit[0]
        if not event.value.isascii() and _HALF.search(event.value):
            self.found.append(half_character(self._lines, *extent(event, self.text)))
        if frame is not None and frame.keys is not None and frame.key is None:
            self._key(frame, frame.keys, event, plain)
            return
        value = resolve(event.value) if plain else event.value
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, open=False)
        self._add(value, 1, 0)

    def _key(self, frame: _Frame, keys: dict[str, tuple[int, int]], event: Any, plain: bool) -> None:
        key = event.value
        if plain and key == "<<":
            self._refuse(codes.BAD_FIELD, event, "merge keys (<<) are not part of YAML 1.2", "repeat the entries")
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(key, open=False)
        here = extent(event, self.text)
        first = keys.setdefault(key, here)
        if first is not here:
            self.found.append(duplicate_key(self._lines, (*self._path(), key), first, here))
        frame.key = key

    def _open(self, event: Any) -> None:
        self._refuse_tag(event)
        if len(self._stack) >= MAX_DEPTH:
            self._stop(too_deep(self._lines, event.start_mark.index))
        if self._expects_key():
            self._refuse(codes.BAD_FIELD, event, "a key must be text, not a list or mapping")
        value: list[Any] | dict[str, Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        anchored = _Anchored(value)
        if event.anchor:
            self._anchors[event.anchor] = anchored
        self._stack.append(_Frame(value, anchored))

    def _alias(self, event: Any) -> None:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            self._refuse(codes.SYNTAX_ERROR, event, f"there is no anchor &{event.anchor} before this alias")
        if anchored.open:
            self._refuse(codes.ALIAS_BOMB, event, f"*{event.anchor} stands inside what it refers to")
        if self._expects_key():
            self._refuse(codes.BAD_FIELD, event, "a key must be text, not an alias", "repeat the text")
        self._aliased += anchored.size
        if self._aliased > MAX_ALIASED_VALUES:
            message = f"the aliases up to here stand for more than {MAX_ALIASED_VALUES} values"
            self._refuse(codes.ALIAS_BOMB, event, message)
        if len(self._stack) + anchored.height > MAX_DEPTH:
            self._stop(too_deep(self._lines, event.start_mark.index))
        self._add(anchored.value, anchored.size, anchored.height)

    def _add(self, value: Any, size: int, height: int) -> None:
        """Put a complete value where it belongs."""
        if not self._stack:
            self.value = value
            return
        frame = self._stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif frame.key is not None:
            frame.value[frame.key] = value
            frame.key = None
        frame.anchored.size += size
        frame.anchored.height = max(frame.anchored.height, height + 1)

    def _expects_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].keys is not None and self._stack[-1].key is None

    def _path(self) -> Path:
        path: list[str | int] = []
        for frame in self._stack:
            if isinstance(frame.value, list):
                path.append(len(frame.value))
            elif frame.key is not None:
                path.append(frame.key)
        return tuple(path)

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._refuse(
                codes.BAD_FIELD, event, f"tags ({tag}) are not supported", "quote a text that looks like a number"
            )

    def _refuse(self, code: str, event: Any, message: str, hint: str | None = None) -> NoReturn:
        found = codes.report(code, message, Place(self._path()), hint=hint)
        self._stop(place_at(found, self._lines, *extent(event, self.text)))

    def _stop(self, found: Diagnostic) -> NoReturn:
        self.found.append(found)
        raise _Stop


def _syntax_error(text: str, error: yaml.YAMLError) -> Diagnostic:
    """Report where the parser gave up."""
    lines = Lines(text)
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        start = mark.index if mark else 0
        message = " ".join(filter(None, (error.problem or "not valid YAML", error.context and f"({error.context})")))
        hint = "indent with spaces, not tabs" if text[start : start + 1] == "\t" else None
        return broken_text(lines, message, start, start + 1, hint)
    if odd := _UNPRINTABLE.search(text):
        message = f"the control character U+{ord(odd[0]):04X} may not stand in YAML"
        return broken_text(lines, message, *odd.span(), hint="write it as an escape in double quotes")
    return broken_text(lines, "not valid YAML", 0, 1)
