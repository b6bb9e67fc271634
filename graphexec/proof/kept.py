"""The expected files beside a lock: written whole or not at all, and removed when the lock no longer names them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from graphexec.files.atomic import replace_file
from graphexec.hashing import digest_bytes
from graphexec.proof.model import OutputRecord
from graphexec.proof.outputs import Output

LARGEST = 32 * 2**20
"""Bytes of an expected file that is kept. Larger ones, such as checkpoints, are compared by digest only."""


def kept_directory(lock: Path) -> Path:
    """Return where the expected files of a lock lie."""
    return lock.with_name(lock.name + ".d")


def kept_names(outputs: Iterable[Output]) -> dict[tuple[str, int], str]:
    """Return a name for each output that is kept: from node and number, so that it stays when the picture changes."""
    names: dict[tuple[str, int], str] = {}
    taken: set[str] = set()
    for output in outputs:
        if output.content is None or output.bytes > LARGEST:
            continue
        stem = re.sub(r"[^A-Za-z0-9_-]", "_", output.node)[:80] or "_"
        stem = stem if stem[0] != "-" else f"_{stem}"
        name = f"{stem}-{output.index}{output.suffix}"
        if name.lower() in taken:
            name = f"{stem}-{output.index}-{digest_bytes(output.node.encode())[:12]}{output.suffix}"
        taken.add(name.lower())
        names[output.node, output.index] = name
    return names


def read_kept(lock: Path, record: OutputRecord) -> bytes | None:
    """Return the expected file of an output; None when it is not kept, is gone, or is not the one that was locked."""
    if record.expected is None:
        return None
    try:
        content = (kept_directory(lock) / record.expected).read_bytes()
    except OSError:
        return None
    return content if digest_bytes(content) == record.blake3 else None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that readers, and other writers of the same name, see all of it or what was there before.

    A file that holds the content already is left alone.
    """
    try:
        if path.read_bytes() == content:
            return
    except OSError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content)


def remove_stale(lock: Path, before: Iterable[OutputRecord], after: Iterable[OutputRecord]) -> None:
    """Remove the files that the lock named before and no longer does; no other file is touched."""
    kept = {record.expected for record in after}
    directory = kept_directory(lock)
    for record in before:
        if record.expected is not None and record.expected not in kept:
            (directory / record.expected).unlink(missing_ok=True)
    if not kept - {None}:
        with suppress(OSError):  # there is none, or it holds files of the user's
            directory.rmdir()
