"""Writing of output files: whole or not at all, and never over another file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from graphexec.errors import NodeError

_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})
"""What `os.link` fails with on file systems without hard links."""


def create(path: Path, content: Iterable[bytes]) -> bool:
    """Write a new file from its pieces; return False when the name is taken. Many processes may try at once: one wins.

    The content is written aside first, so that a process that is killed leaves no torn file under the final name.
    Raises NodeError when the disk is full or the folder may not be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.part")
    try:
        _write(aside, content)
        return _publish(aside, path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        aside.unlink(missing_ok=True)


def _write(path: Path, content: Iterable[bytes]) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(content)


def _publish(aside: Path, path: Path) -> bool:
    """Give a finished file its name unless the name is taken."""
    try:
        os.link(aside, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _publish_without_links(aside, path)
    return True


def _publish_without_links(aside: Path, path: Path) -> bool:
    """Reserve the name with an empty file for the moment that the rename takes."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except FileExistsError:
        return False
    aside.replace(path)
    return True


def unwritable(path: Path, error: OSError) -> NodeError:
    """Return the error that says why a file or folder could not be made."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NodeError(f"cannot write {path}: the disk is full")
    return NodeError(f"cannot write {path}: {error.strerror or error}")
