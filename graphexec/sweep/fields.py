"""Separated values (RFC 4180) with their places: lists on the command line, and lines of CSV and TSV files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

_JSON = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Field:
    """A field between separators. `text` is without quotes and surrounding blanks; `start` and `end` are offsets."""

    text: str
    quoted: bool
    start: int
    end: int


class BadField(ValueError):
    """What is wrong with a field, and where it begins."""

    def __init__(self, message: str, start: int) -> None:
        super().__init__(message)
        self.start = start


def records(text: str, separator: str, start: int = 0) -> Iterator[list[Field]]:
    """Yield the records of a text: fields up to a line end outside of quotes. Raises BadField.

    A field in double quotes may hold separators, line ends, and quotes written twice. One that starts like a JSON
    list or mapping and is one ends where that ends. Lines without any character are passed over.
    """
    position = start
    while position < len(text):
        if text[position] in "\r\n":
            position += 1
            continue
        record: list[Field] = []
        while True:
            field, position = _field(text, position, separator)
            record.append(field)
            if position >= len(text) or text[position] != separator:
                break
            position += 1
        yield record


def _field(text: str, position: int, separator: str) -> tuple[Field, int]:
    """Return the field at a position and where it ends: at a separator, a line end, or the end of the text."""
    start = _skip_blanks(text, position)
    if text[start : start + 1] == '"':
        return _quoted(text, start, separator)
    if text[start : start + 1] in ("[", "{") and (end := _json_end(text, start)) is not None:
        after = _skip_blanks(text, end)
        if after >= len(text) or text[after] in f"{separator}\r\n":
            return Field(text[start:end], False, start, end), after
    end = min((at for mark in f"{separator}\r\n" if (at := text.find(mark, start)) >= 0), default=len(text))
    stripped = text[start:end].rstrip(" \t")
    return Field(stripped, False, start, start + len(stripped)), end


def _quoted(text: str, start: int, separator: str) -> tuple[Field, int]:
    position, pieces = start + 1, list[str]()
    while True:
        quote = text.find('"', position)
        if quote < 0:
            raise BadField("the closing quote is missing", start)
        pieces.append(text[position:quote])
        if text[quote + 1 : quote + 2] != '"':
            break
        pieces.append('"')
        position = quote + 2
    after = _skip_blanks(text, quote + 1)
    if after < len(text) and text[after] not in f"{separator}\r\n":
        raise BadField('text follows the closing quote; a quote inside of quotes is written twice: ""', after)
    return Field("".join(pieces), True, start, quote + 1), after


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position] == " ":
        position += 1
    return position


def _json_end(text: str, start: int) -> int | None:
    try:
        return _JSON.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return None
