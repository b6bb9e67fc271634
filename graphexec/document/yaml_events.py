"""The events of a YAML text, from libyaml where PyYAML has it.

PyYAML's parser keeps its own stack, so that nesting is no danger to it; its composer recurses in C and crashes on
deep files. graphexec uses the parser only and builds values itself (`yaml_text`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from graphexec.document.events import Event


def raw_events(text: str) -> Iterator[Any]:
    """Yield PyYAML's events. Raises yaml.YAMLError where the text is no YAML, and UnicodeEncodeError."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return iter(yaml.parse(text, Loader=loader))


def yaml_events(text: str) -> Iterator[Event]:
    """Yield the events of the first document; stops silently where the text is no YAML."""
    try:
        for event in raw_events(text):
            start, end = extent(event, text)
            match event:
                case yaml.MappingStartEvent():
                    yield Event("mapping", start, end)
                case yaml.SequenceStartEvent():
                    yield Event("list", start, end)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    yield Event("end", start, end if end > start else -1)
                case yaml.ScalarEvent():
                    yield Event("scalar", start, end, event.value)
                case yaml.AliasEvent():
                    yield Event("scalar", start, end)
                case yaml.DocumentEndEvent():
                    return
    except (yaml.YAMLError, UnicodeError):
        return


def extent(event: Any, text: str) -> tuple[int, int]:
    """Return the offsets of an event without the blank lines that follow a block scalar."""
    start, end = event.start_mark.index, event.end_mark.index
    if getattr(event, "style", None) in ("|", ">"):
        end = start + len(text[start:end].rstrip())
    return start, end
