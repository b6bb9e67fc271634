"""Digests of files by content, remembered for as long as the file system says that a file is the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from graphexec.hashing import digest_file

YOUNG = 2.0
"""Seconds. A file changed more recently may change again without a new time stamp, so it is never remembered."""

Identity = tuple[int, int, int, int, int]


class Fingerprints:
    """Content digests of files. Safe to use from several threads: a race costs a second reading, no more."""

    def __init__(self, read: Callable[[Path], str] = digest_file, clock: Callable[[], float] = time.time) -> None:
        self._read = read
        self._clock = clock
        self._known: dict[Path, tuple[Identity, str]] = {}

    def of(self, path: Path) -> str:
        """Return the digest of a file's content. Raises OSError when it cannot be read."""
        before = _identity(path)
        known = self._known.get(path)
        if known is not None and known[0] == before:
            return known[1]
        digest = self._read(path)
        changed = max(before[1], before[2]) / 1e9
        if self._clock() - changed >= YOUNG and _identity(path) == before:
            self._known[path] = (before, digest)
        return digest


def _identity(path: Path) -> Identity:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev
