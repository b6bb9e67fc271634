"""Kinds of setting: how each reads a text (environment, command line) and checks a value (TOML)."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_UNITS = {"": 1, "b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "kb": 10**3, "mb": 10**6, "gb": 10**9}


@dataclass(frozen=True, slots=True)
class Kind:
    """`parse` turns a text into what TOML would hold; `accept` checks that and anchors paths under `base`.

    `says` describes the values. Both functions raise ValueError with a reason that completes the sentence "`key`: ...".
    """

    says: str
    parse: Callable[[str], Any]
    accept: Callable[[Any, Path | None], Any]


def _same(text: str) -> str:
    return text


def _path(value: Any, base: Path | None) -> str:
    """Anchor a path: `base` is the directory of the file that names it, None leaves it to the working directory."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("expected the path of a directory")
    path = Path(value).expanduser()
    return str(path if base is None else base / path)


def _paths(value: Any, base: Path | None) -> tuple[str, ...]:
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)) or not items:
        raise ValueError("expected a path or a list of paths")
    return tuple(_path(item, base) for item in items)


def _packs(value: Any, base: Path | None) -> tuple[str, ...]:
    """Anchor what looks like a path; a bare word names an entry point."""
    items = [value] if isinstance(value, str) else value
    accepted = _paths(items, base)
    named = [isinstance(item, str) and re.fullmatch(r"[\w.-]+", item) and not item.endswith(".py") for item in items]
    return tuple(item if is_name else path for item, path, is_name in zip(items, accepted, named, strict=True))


def _flag_text(text: str) -> bool:
    if (word := text.strip().lower()) in _TRUE | _FALSE:
        return word in _TRUE
    raise ValueError(f"expected true or false, got {text!r}")


def _flag(value: Any, base: Path | None) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {value!r}")
    return value


def _number_text(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"expected a number of seconds, got {text!r}") from None


def _seconds(value: Any, base: Path | None) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise ValueError(f"expected a number of seconds above 0, got {value!r}")
    return float(value)


def _count_text(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"expected a number above 0, got {text!r}") from None


def _count(value: Any, base: Path | None) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"expected a number above 0, got {value!r}")
    return value


def _size(value: Any, base: Path | None) -> int:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text) if isinstance(text, str) else None
    if match is None or match[2].lower() not in _UNITS:
        raise ValueError(f"expected a size in bytes or such as '2GiB' or '500MB', got {value!r}")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def _text(value: Any, base: Path | None) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected a text, got {value!r}")
    return value


def choice(*choices: str, pattern: str | None = None) -> Kind:
    """Return the kind that takes one of `choices`, or a text of the form `pattern`."""

    def accept(value: Any, base: Path | None) -> str:
        if isinstance(value, str) and (value in choices or (pattern and re.fullmatch(pattern, value))):
            return value
        raise ValueError(f"expected one of {', '.join(choices)}, got {value!r}")

    return Kind(f"one of {', '.join(choices)}", _same, accept)


def _cache(value: Any, base: Path | None) -> str:
    return value if value in ("auto", "off") else _path(value, base)


CACHE = Kind("auto, off or a directory", _same, _cache)
PATH = Kind("directory", _same, _path)
PATHS = Kind("list of paths", lambda text: [part for part in text.split(os.pathsep) if part], _paths)
PACKS = Kind("list of paths or names", PATHS.parse, _packs)
FLAG = Kind("true or false", _flag_text, _flag)
SECONDS = Kind("seconds", _number_text, _seconds)
COUNT = Kind("number above 0", _count_text, _count)
SIZE = Kind("bytes, or such as 2GiB", _same, _size)
TEXT = Kind("text", _same, _text)
