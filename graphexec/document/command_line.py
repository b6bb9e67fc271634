"""Values as they are typed on the command line: `name=value`."""

from __future__ import annotations

from typing import Any

from graphexec.document.json_text import parse_json
from graphexec.document.scalars import resolve
from graphexec.errors import UsageError


class CommandLineText(str):
    """A text from the command line whose type is not known yet: a parameter's declaration decides what it says."""

    __slots__ = ()

    def of_type(self, kind: str) -> Any:
        """Return the text itself for a STRING, else the value that it writes."""
        return str(self) if kind == "STRING" else resolve(self)


def assignment(text: str) -> tuple[str, str]:
    """Split `name=value` at the first `=`. Raises UsageError."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"expected name=value, not {text!r}")
    return name, value


def set_option(text: str) -> tuple[str, Any]:
    """Return key and value of `--set node.input=value`. Raises UsageError."""
    key, value = assignment(text)
    return key, typed_value(value)


def param_option(text: str) -> tuple[str, CommandLineText]:
    """Return name and text of `--param name=value`. Raises UsageError."""
    name, value = assignment(text)
    return name, CommandLineText(value)


def typed_value(text: str) -> Any:
    """Return the value that a text writes.

    A text that starts like a JSON list, mapping or string and is valid JSON is that value; every other text is a
    YAML 1.2 scalar (`30`, `1e-3`, `true`, `null`), or simply the text. So `"30"` in quotes is a text.
    """
    if text.lstrip()[:1] in ("[", "{", '"'):
        parsed = parse_json(text)
        if parsed.usable and not parsed.diagnostics:
            return parsed.value
        return text
    return resolve(text)
