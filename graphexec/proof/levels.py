"""The levels of agreement as they are named and ordered."""

from __future__ import annotations

from graphexec.errors import UsageError
from graphexec.proof.model import LEVELS, Level


def level_of(text: str | None) -> Level | None:
    """Return the level of this name, None for none. Raises UsageError."""
    for level in LEVELS:
        if text == level:
            return level
    if text is None:
        return None
    raise UsageError(f"--level: expected one of {', '.join(LEVELS)}, not {text!r}")


def reaches(level: Level | None, required: Level) -> bool:
    """Whether agreement at `level` (None: no agreement) is enough where `required` is demanded."""
    return level is not None and LEVELS.index(level) <= LEVELS.index(required)
