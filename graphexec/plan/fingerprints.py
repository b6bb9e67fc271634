"""Digests of files by content, remembered for as long as the file system says that a file is the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeAlias

from graphexec.hashing import digest_file, know_file

YOUNG = 2.0
"""Seconds. A file changed more recently may change again without a new time stamp, so it is never remembered."""

Identity: TypeAlias = tuple[int, int, int, int, int]
"""Size, times of change of content and status (ns), inode and device of a file."""


class Memo(Protocol):
    """Remembers digests beyond the process. Paths are absolute."""

    def recall(self, path: Path) -> tuple[Identity, str] | None:
        """Return the state in which a file was digested, and the digest, or None."""

    def remember(self, path: Path, identity: Identity, digest: str) -> None:
        """Remember the digest of a file in this state."""

    def recall_number(self, name: str, content: str) -> int | None:
        """Return the number of this name that follows from a content, by its digest, or None."""

    def remember_number(self, name: str, content: str, number: int) -> None:
        """Remember a number that follows from a content."""


class Fingerprints:
    """Content digests of files. Safe to use from several threads: a race costs a second reading, no more."""

    def __init__(
        self,
        read: Callable[[Path], str] = digest_file,
        clock: Callable[[], float] = time.time,
        memo: Memo | None = None,
    ) -> None:
        self._read = read
        self._clock = clock
        self._memo = memo
        self._known: dict[Path, tuple[Identity, str]] = {}
        self._numbers: dict[tuple[str, str], int] = {}

    def of(self, path: Path) -> str:
        """Return the digest of a file's content. Raises OSError when it cannot be read."""
        before = _identity(path)
        known = self._known.get(path)
        if known is None and self._memo is not None:
            known = self._memo.recall(path.absolute())
        if known is not None and known[0] == before:
            self._known[path] = known
            know_file(before[:4], known[1])
            return known[1]
        digest = self._read(path)
        changed = max(before[1], before[2]) / 1e9
        if self._clock() - changed >= YOUNG and _identity(path) == before:
            self._known[path] = (before, digest)
            know_file(before[:4], digest)
            if self._memo is not None:
                self._memo.remember(path.absolute(), before, digest)
        return digest

    def number(self, name: str, path: Path, count: Callable[[Path], int]) -> int:
        """Implement `ports.Remembered`: a file is counted once for each content, with a memo beyond the process."""
        content = self.of(path)
        known = self._numbers.get((name, content))
        if known is None and self._memo is not None:
            known = self._memo.recall_number(name, content)
        if known is None:
            known = count(path)
            if self.of(path) != content:
                return known
            if self._memo is not None:
                self._memo.remember_number(name, content, known)
        self._numbers[name, content] = known
        return known


def _identity(path: Path) -> Identity:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev
