"""Files written in one step: a reader sees the old content or the new one, never a part."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Write a file that graphexec made itself aside, and rename it over the one that is there. Raises OSError.

    What a killed process leaves aside is named `.*.part`. Unlike `write_atomically`, this does not wait for the disk.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def write_atomically(path: Path, text: str) -> None:
    """Write a text file (UTF-8, line ends as in `text`) aside and rename it; an existing file keeps its permissions.

    A link stays a link: the file that it leads to is replaced. Raises OSError; then nothing has changed.
    """
    path = path.resolve()
    aside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with aside.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            aside.chmod(path.stat().st_mode & 0o7777)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
