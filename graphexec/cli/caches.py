"""The directory of the cache as the settings say, and what the verb `cache` prints about it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from graphexec.cli.sessions import directory_of_cache
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.status import Status
from graphexec.cli.terminal import path_line, result, say
from graphexec.cli.workflows import STDIN
from graphexec.config import Settings
from graphexec.diagnostics.sanitize import visible
from graphexec.errors import UsageError
from graphexec.store import maintenance
from graphexec.store.database import FILE
from graphexec.store.index import Index

TYPES = 20
"""Node types listed as text."""


def print_path(cache: str | None) -> None:
    """Print where the cache is, whether it is there or not."""
    result(path_line(str(_directory(_settings(cache)))))


def print_stats(cache: str | None, *, as_json: bool) -> None:
    """Print how much there is, and by node type."""
    settings = _settings(cache)
    with _opened(settings) as index:
        counts, types = index.counts(), maintenance.by_type(index)
    if as_json:
        facts = {"directory": str(index.directory), "budget": settings.cache_size, **asdict(counts)}
        result(json.dumps({**facts, "types": [asdict(entry) for entry in types]}, indent=2))
        return
    result(path_line(str(index.directory)))
    result(
        f"{_bytes(counts.bytes)} of {_bytes(settings.cache_size)}: {counts.steps} results in {counts.objects} objects"
    )
    for number, what in (
        (counts.files, "objects in files of their own"),
        (counts.blobs, "states of samplers and the like"),
        (counts.unstored, "results that cannot be kept"),
        (counts.fingerprints, "digests of model and input files"),
        (counts.held, "results that runs in progress use"),
    ):
        if number:
            result(f"{number:>8}  {what}")
    for entry in types[:TYPES]:
        result(f"{_bytes(entry.bytes):>10}  {entry.seconds:>9.1f} s  {entry.steps:>6}  {visible(entry.type)}")


def verify_all(cache: str | None, *, as_json: bool) -> Status:
    """Read every object and print what was damaged; MISMATCH when something was."""
    with _opened(_settings(cache)) as index:
        found = maintenance.verify(index)
    if as_json:
        result(json.dumps(asdict(found), indent=2))
    else:
        for digest in found.damaged:
            result(f"damaged, and removed: {digest}")
        result(f"{found.objects} objects, {_bytes(found.bytes)}: {len(found.damaged)} damaged")
    return Status.MISMATCH if found.damaged else Status.DONE


def collect_garbage(cache: str | None, size: str | None, *, as_json: bool) -> None:
    """Bring the cache below a size, that of the settings unless told otherwise, and print what went."""
    settings = _settings(cache, {"cache_size": size})
    with _opened(settings) as index:
        _print_removed(maintenance.collect(index, settings.cache_size), as_json)


def clear_all(cache: str | None, *, as_json: bool) -> None:
    """Empty the cache, and print what went."""
    with _opened(_settings(cache)) as index:
        _print_removed(maintenance.clear(index), as_json)


def _print_removed(removed: maintenance.Removed, as_json: bool) -> None:
    if as_json:
        result(json.dumps(asdict(removed), indent=2))
    else:
        result(f"removed {removed.entries} entries, {_bytes(removed.bytes)}, and {removed.files} files nothing used")


def _settings(cache: str | None, more: Mapping[str, Any] | None = None) -> Settings:
    return settings_for(STDIN, {"cache": cache, **(more or {})})


def _directory(settings: Settings) -> Path:
    directory = directory_of_cache(settings)
    if directory is None:
        raise UsageError(f"the cache is off (set by {settings.origin('cache')})")
    return directory


@contextmanager
def _opened(settings: Settings) -> Iterator[Index]:
    """Open the index. Raises UsageError when there is none or it cannot be used."""
    directory = _directory(settings)
    if not (directory / FILE).is_file():
        raise UsageError(f"there is no cache in {visible(str(directory))}")
    index: Index | None = None
    try:
        index = Index(directory, lambda message: say(visible(f"warning: {message}")))
        yield index
    except sqlite3.Error as error:
        raise UsageError(f"the cache in {visible(str(directory))} cannot be used: {error}") from error
    finally:
        if index is not None:
            index.close()


def _bytes(number: int) -> str:
    """Return a number of bytes in a unit that keeps it short."""
    size, units = float(number), ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{size:.0f} {units[0]}" if units[0] == "B" else f"{size:.1f} {units[0]}"
