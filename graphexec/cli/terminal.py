"""The two streams: results on standard output, everything said to a person on standard error."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, redirect_stdout
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from graphexec.diagnostics.sanitize import visible

_COLOURS = {
    "error": "\033[1;31m",
    "warning": "\033[1;33m",
    "note": "\033[1;36m",
    "place": "\033[1m",
    "gutter": "\033[34m",
    "caret": "\033[1;32m",
    "hint": "\033[1;36m",
}


def result(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")


def foreign_code() -> AbstractContextManager[object]:
    """Return a context for code of node packs, in which what they print goes to standard error."""
    return redirect_stdout(sys.stderr)


def say(text: str) -> None:
    """Write a line to standard error; the caller has made it safe to show."""
    sys.stderr.write(text + "\n")


def path_line(path: str) -> str:
    """Return a path for standard output: exact for a program, safe to show on a terminal."""
    return visible(path) if sys.stdout.isatty() else path


def prepare_streams() -> None:
    """Make the streams fit for anything: one that is closed is empty, and what an encoding lacks is escaped."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 (open for as long as the program runs)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def has_colour(stream: TextIO) -> bool:
    """Whether to colour what goes to `stream` (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(role: str, text: str) -> str:
    """Colour a piece of a finding by its role (`diagnostics.render_text.Role`)."""
    return f"{_COLOURS[role]}{text}\033[0m"
