"""Patterns in file names: what `%width%`, `%date:yyyy-MM-dd%` and `%KSampler.seed%` stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

_PATTERN = re.compile(r"%([^%]+)%")
_DATE_TOKEN = re.compile(r"yyyy|yy|d{1,2}|M{1,2}|h{1,2}|m{1,2}|s{1,2}")
_FORBIDDEN = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')
_FORBIDDEN_IN_DATES = re.compile(r'[?<>\\:*|"\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class Facts:
    """What patterns may ask for: the run's API prompt, the editor's file (or None), the time, the first image."""

    prompt: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    workflow: Any = None
    now: datetime = field(default_factory=datetime.now)
    width: int = 0
    height: int = 0


def expand(template: str, facts: Facts) -> str:
    """Replace the patterns of a filename prefix; those that stand for nothing stay as they are.

    `%width% %height% %year% %month% %day% %hour% %minute% %second%`; `%date:FORMAT%` with the tokens yyyy, yy, M,
    MM, d, dd, h, hh, m, mm, s, ss; `%Node.widget%`, the value of a node's input, where Node is the name for search
    and replace, the type, the title or the id of a node, the first that fits. `%batch_num%` is the caller's.
    """
    return _PATTERN.sub(lambda match: _value(match[1], facts) or match[0], template)


def _value(pattern: str, facts: Facts) -> str | None:
    now = facts.now
    match pattern:
        case "width" | "height":
            return str(getattr(facts, pattern))
        case "year":
            return str(now.year)
        case "month" | "day" | "hour" | "minute" | "second":
            return f"{getattr(now, pattern):02}"
    if pattern.startswith("date:"):
        return _FORBIDDEN_IN_DATES.sub("_", _DATE_TOKEN.sub(lambda m: _date_part(m[0], now), pattern[5:]))
    if pattern.count(".") == 1:
        node, widget = pattern.split(".")
        return _widget(node, widget, facts)
    return None


def _date_part(token: str, now: datetime) -> str:
    if token[0] == "y":
        return f"{now.year:04}"[-len(token) :]
    number = {"M": now.month, "d": now.day, "h": now.hour, "m": now.minute, "s": now.second}[token[0]]
    return f"{number:0{len(token)}}"


def _widget(node: str, widget: str, facts: Facts) -> str | None:
    for id in _ids(node, facts):
        inputs = facts.prompt.get(id, {}).get("inputs", {})
        if widget in inputs and not isinstance(inputs[widget], (list, dict)):
            return _FORBIDDEN.sub("_", _text(inputs[widget]))
        return None
    return None


def _ids(name: str, facts: Facts) -> Iterator[str]:
    """Yield the ids of the nodes of that name, the best fit first."""
    saved = facts.workflow.get("nodes", []) if isinstance(facts.workflow, dict) else []
    for node in saved if isinstance(saved, list) else []:
        properties = node.get("properties") if isinstance(node, dict) else None
        if isinstance(properties, dict) and properties.get("Node name for S&R") == name:
            yield str(node.get("id"))
    for id, node in facts.prompt.items():
        if node.get("class_type") == name:
            yield id
    for id, node in facts.prompt.items():
        if (node.get("_meta") or {}).get("title") == name:
            yield id
    if name in facts.prompt:
        yield name


def _text(value: Any) -> str:
    """Write a value as the editor does: `true`, and numbers without a needless `.0`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
