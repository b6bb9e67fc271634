"""Settings into Sessions: workflows with the same settings share one, and with it the loaded weights."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

from graphexec.api import Session
from graphexec.cli.terminal import foreign_code
from graphexec.config import Settings
from graphexec.errors import UsageError


class Sessions:
    """Opens the Session for some settings; keeps the last one open for the next that has the same."""

    def __init__(self) -> None:
        self._open: tuple[dict[str, Any], Session] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def of(self, settings: Settings) -> Session:
        """Return the Session for `settings`. Raises UsageError for models directories that do not exist."""
        wanted = session_options(settings)
        if self._open is None or self._open[0] != wanted:
            self._close()
            with foreign_code():
                self._open = wanted, Session(**wanted)
        return self._open[1]

    def _close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None


def session_options(settings: Settings) -> dict[str, Any]:
    """Return the arguments of Session that settings stand for."""
    return {
        "models": model_roots(settings),
        "input": settings.input,
        "output": settings.output,
        "nodes": settings.nodes,
        "object_info": settings.object_info,
        "device": settings.device,
        "dtype": settings.dtype,
        "noise": settings.noise,
        "threads": settings.threads,
        "model_memory": settings.memory,
        "memory": settings.memory_budget,
        "cache": directory_of_cache(settings),
        "cache_size": settings.cache_size,
        "cache_remote": settings.cache_remote,
        "cache_remote_access": settings.cache_remote_access,
        "follow_links": settings.follow_links,
    }


def directory_of_cache(settings: Settings) -> Path | None:
    """Return the directory of the cache, None when it is off."""
    from graphexec.store.location import OFF, user_directory

    if settings.cache == OFF:
        return None
    return user_directory() if settings.cache == "auto" else Path(settings.cache)


def model_roots(settings: Settings) -> tuple[str, ...]:
    """Return the models directories: those that were named, or `models` in the working directory if it is there."""
    if not models_named(settings):
        return tuple(root for root in settings.models if Path(root).is_dir())
    missing = [root for root in settings.models if not Path(root).exists()]
    if missing:
        raise UsageError(f"there is no models directory {missing[0]!r} (set by {settings.origin('models')})")
    return settings.models


def models_named(settings: Settings) -> bool:
    """Whether somebody said where models are, so that a missing one is a mistake."""
    return settings.origin("models").layer != "default"
