"""Object files: content by its digest, written aside and renamed, verified when it is read.

Nothing is flushed to the device: after a power loss a file may hold anything, which the digest shows.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from graphexec.hashing import digest_bytes

ASIDE = ".part"
"""The suffix of files that are being written."""
STALE = 3600.0
"""Seconds after which a file that is being written belongs to a process that died."""


class Objects:
    """The object files below one directory, fanned out by the first two digits of their digests."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.unused: list[str] = []
        """Objects that the index no longer has, whose files are still to be removed."""
        self._made: set[Path] = set()

    def path(self, digest: str) -> Path:
        """Return where an object lies, or would."""
        return self.directory / digest[:2] / digest[2:]

    def write_aside(self, digest: str, content: bytes) -> Path:
        """Write content beside its place and return where. Raises OSError, and leaves nothing then."""
        folder = self.path(digest).parent
        if folder not in self._made:
            folder.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)
        aside = folder / f"{digest[2:12]}-{os.getpid()}-{time.monotonic_ns()}{ASIDE}"
        try:
            with aside.open("xb") as file:
                file.write(content)
        except BaseException:
            self._made.discard(folder)
            with suppress(OSError):
                aside.unlink()
            raise
        return aside

    def place(self, aside: Path, digest: str) -> None:
        """Give content that was written aside its name."""
        aside.replace(self.path(digest))

    def holds(self, digest: str, size: int) -> bool:
        """Whether there is a file of this name and size."""
        try:
            return self.path(digest).stat().st_size == size
        except OSError:
            return False

    def read(self, digest: str) -> bytes | None:
        """Return the content of an object, or None when it is not there or is not what its name says."""
        try:
            content = self.path(digest).read_bytes()
        except OSError:
            return None
        return content if digest_bytes(content) == digest else None

    def remove(self, digest: str) -> None:
        """Remove an object; one that is not there is no error."""
        with suppress(OSError):
            self.path(digest).unlink()

    def files(self) -> Iterator[tuple[Path, str | None]]:
        """Yield each file with its digest, or None for those being written."""
        for folder in sorted(self.directory.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(folder.iterdir()):
                yield path, None if path.suffix == ASIDE else folder.name + path.name
