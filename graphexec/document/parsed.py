"""What a parser makes of a text: a value, and findings about the text itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Path, Place, Related
from graphexec.document.limits import MAX_DEPTH
from graphexec.document.text import Lines


@dataclass(frozen=True, slots=True)
class Parsed:
    """The value of a text and the findings about it. `value` means nothing unless `usable`."""

    value: Any
    diagnostics: tuple[Diagnostic, ...] = ()
    usable: bool = True

    @classmethod
    def refused(cls, *diagnostics: Diagnostic) -> Parsed:
        """Return what is left of a text that cannot be used."""
        return cls(None, diagnostics, usable=False)


def place_at(diagnostic: Diagnostic, lines: Lines, start: int, end: int) -> Diagnostic:
    """Return the finding with the span of the given offsets."""
    return replace(diagnostic, span=lines.span(start, end))


def too_deep(lines: Lines, start: int) -> Diagnostic:
    """Report the bracket, or block, that leads too deep."""
    found = codes.report(codes.TOO_DEEP, f"this is more than {MAX_DEPTH} levels deep")
    return place_at(found, lines, start, start + 1)


def duplicate_key(lines: Lines, path: Path, first: tuple[int, int], second: tuple[int, int]) -> Diagnostic:
    """Report a key that stands twice; `first` and `second` are the offsets of the keys."""
    related = Related("first here", Place(path, "key"), span=lines.span(*first))
    found = codes.report(
        codes.DUPLICATE_KEY,
        f'the key "{path[-1]}" stands twice',
        Place(path, "key"),
        hint="keep the one you mean",
        related=(related,),
    )
    return place_at(found, lines, *second)


def broken_text(lines: Lines, message: str, start: int, end: int, hint: str | None = None) -> Diagnostic:
    """Report a syntax error."""
    return place_at(codes.report(codes.SYNTAX_ERROR, message, hint=hint), lines, start, end)


def half_character(lines: Lines, start: int, end: int) -> Diagnostic:
    """Report a text that holds one half of a surrogate pair and so cannot be written anywhere."""
    found = codes.report(
        codes.BAD_FIELD,
        "the text holds half of a surrogate pair, which is no character",
        hint="an escape from \\ud800 to \\udfff must come in a pair",
    )
    return place_at(found, lines, start, end)
