"""Values as Python source, as the formatter would leave them."""

from __future__ import annotations

from typing import Any


def source(value: Any) -> str:
    """Return the source of a JSON value: texts in double quotes unless they hold some."""
    match value:
        case str():
            text = repr(value)
            return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in value else text
        case list():
            return "[" + ", ".join(map(source, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{source(k)}: {source(v)}" for k, v in value.items()) + "}"
        case _:
            return repr(value)
