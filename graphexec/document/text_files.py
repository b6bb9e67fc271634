"""Text of workflow files: size, encoding, and what keeps a file from being read."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from graphexec.diagnostics import codes
from graphexec.diagnostics.suggest import nearest
from graphexec.document.limits import MAX_BYTES
from graphexec.errors import InvalidWorkflow

STANDARD_INPUT = "-"


def read_bytes(path: str, name: str) -> bytes:
    """Return what is in a file, or comes from standard input for `-`.

    Raises InvalidWorkflow (GX101, GX111) with `name` as the file.
    """
    try:
        if path == STANDARD_INPUT:
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(name, _reason(error), _missing_hint(path, error)) from None
    if len(data) > MAX_BYTES:
        found = codes.report(codes.TOO_LARGE, f"the file is larger than {MAX_BYTES // 2**20} MiB")
        raise InvalidWorkflow([replace(found, file=name)])
    return data


def decode_text(data: bytes, name: str) -> str:
    """Return the text of a file (UTF-8, a byte order mark is dropped). Raises InvalidWorkflow (GX101)."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "save the file as UTF-8" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else None
        message = f"the file is not UTF-8 text: byte 0x{data[error.start]:02x} at offset {error.start} (line {line})"
        raise _unreadable(name, message, hint) from None


def _unreadable(name: str, message: str, hint: str | None) -> InvalidWorkflow:
    return InvalidWorkflow([replace(codes.report(codes.UNREADABLE_FILE, message, hint=hint), file=name)])


def _reason(error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError():
            return "the file does not exist"
        case IsADirectoryError():
            return "this is a directory, not a file"
        case PermissionError():
            return "the file may not be read (permission denied)"
        case OSError():
            return f"the file cannot be read: {error.strerror or error}"
        case _:
            return "this cannot be the name of a file"


def _missing_hint(path: str, error: OSError | ValueError) -> str | None:
    """Return the names most like that of a missing file."""
    if not isinstance(error, FileNotFoundError):
        return None
    try:
        names = sorted(entry.name for entry in Path(path).parent.iterdir())
    except OSError:
        return f"there is no directory {Path(path).parent}"
    meant = nearest(Path(path).name, names)
    return "did you mean " + " or ".join(str(Path(path).with_name(m)) for m in meant) + "?" if meant else None
