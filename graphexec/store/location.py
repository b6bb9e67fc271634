"""Where the cache of a Session lies."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "GRAPHEXEC_CACHE"
"""What "auto" means where the user sets it: a directory, or `off`."""
OFF = "off"
AUTO = "auto"


def directory_of(cache: str | os.PathLike[str] | None) -> Path | None:
    """Return the directory that the argument of Session means, None for no cache on disk."""
    if cache == AUTO:
        cache = os.environ.get(VARIABLE) or AUTO
    if cache is None or cache == OFF:
        return None
    return user_directory() if cache == AUTO else Path(cache).expanduser()


def user_directory() -> Path:
    """Return the directory of the user's own cache (on Linux `~/.cache/graphexec`)."""
    from platformdirs import user_cache_path

    return user_cache_path("graphexec", appauthor=False)
