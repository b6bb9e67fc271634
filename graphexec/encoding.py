"""Plain values as JSON and back, exactly: kinds, the order of keys and every float survive.

What JSON lacks is written as an object with the key `$`, which names its kind: tuples, mappings with other keys than
texts, bytes, floats that are no numbers. Whoever knows further kinds of values gives functions for them.
"""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any, TypeAlias

TAG = "$"

Write: TypeAlias = Callable[[Any], "tuple[str, Any] | None"]
"""Returns the kind and the plain content of a value that is not plain, or None for values of no known kind."""
Read: TypeAlias = Callable[[str, Any], Any]
"""Returns the value of a kind and its content."""


class Unstorable(Exception):
    """A value that has no form outside the process; the text says which, as the end of a sentence."""


def _none(value: Any) -> None:
    return None


def _unknown(kind: str, content: Any) -> Any:
    raise ValueError(f"values of kind {kind!r} are not known here")


def to_json(value: Any, write: Write = _none) -> bytes:
    """Return a value as JSON. Raises Unstorable."""
    try:
        return json.dumps(_written(value, write), separators=(",", ":"), check_circular=False).encode()
    except RecursionError:
        raise Unstorable("a value that is nested too deeply or holds itself") from None


def from_json(data: bytes, read: Read = _unknown) -> Any:
    """Return the value that JSON stands for. Raises ValueError for what `to_json` never writes."""
    return _read(json.loads(data), read)


def kind_of(value: Any) -> str:
    """Return the name of a value's type as messages show it."""
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _written(value: Any, write: Write) -> Any:
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {TAG: "float", "": repr(value)}
    if kind is list:
        return [_written(item, write) for item in value]
    if kind is dict and TAG not in value and all(type(key) is str for key in value):
        return {key: _written(item, write) for key, item in value.items()}
    if kind is dict:
        return {TAG: "mapping", "": [[_written(key, write), _written(item, write)] for key, item in value.items()]}
    if kind is tuple:
        return {TAG: "tuple", "": [_written(item, write) for item in value]}
    if kind is bytes:
        return {TAG: "bytes", "": b64encode(value).decode()}
    found = write(value)
    if found is None:
        raise Unstorable(f"a value of type {kind_of(value)}")
    return {TAG: found[0], "": found[1]}


def _read(value: Any, read: Read) -> Any:
    if isinstance(value, list):
        return [_read(item, read) for item in value]
    if not isinstance(value, dict):
        return value
    if TAG not in value:
        return {key: _read(item, read) for key, item in value.items()}
    content = value[""]
    match value[TAG]:
        case "float":
            return float(content)
        case "mapping":
            return {_read(key, read): _read(item, read) for key, item in content}
        case "tuple":
            return tuple(_read(item, read) for item in content)
        case "bytes":
            return b64decode(content)
        case kind:
            return read(kind, content)
