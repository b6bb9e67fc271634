"""The text `parameters`: a prompt, a negative prompt, and a line of settings."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NEGATIVE = "Negative prompt:"
_SETTINGS = re.compile(r"^Steps: \d", re.MULTILINE)


@dataclass(slots=True)
class Parameters:
    """The parts of the text. `take` removes a setting, so that what is left has not been used."""

    positive: str
    negative: str
    settings: dict[str, str]

    def take(self, name: str, default: str) -> str:
        """Return a setting and remove it."""
        return self.settings.pop(name, default)


def parse_parameters(text: str) -> Parameters:
    """Return the parts of a text; without settings all of it is prompt."""
    text = text.replace("\r\n", "\n")
    starts = [match.start() for match in _SETTINGS.finditer(text)]
    words, line = (text[: starts[-1]], text[starts[-1] :]) if starts else (text, "")
    positive, found, negative = words.partition("\n" + _NEGATIVE)
    if not found and words.startswith(_NEGATIVE):
        positive, negative = "", words.removeprefix(_NEGATIVE)
    return Parameters(positive.strip(), negative.strip(), dict(_pairs(line)))


def _pairs(line: str) -> list[tuple[str, str]]:
    """Return `Name: value, Name: "value, quoted"` as pairs."""
    parts, quoted, start = [], False, 0
    for position, character in enumerate(line):
        if character == '"' and line[position - 1 : position] != "\\":
            quoted = not quoted
        elif character in ",\n" and not quoted:
            parts.append(line[start:position])
            start = position + 1
    parts.append(line[start:])
    pairs = (part.partition(":") for part in parts)
    return [(name.strip(), value.strip().strip('"')) for name, colon, value in pairs if colon and name.strip()]
