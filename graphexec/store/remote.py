"""A cache that several machines share: objects and records of steps in any place that fsspec reaches (S3 and others).

Whatever is slow or broken there costs one warning; from then on a Session works with what is local.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeVar

from graphexec.errors import UsageError
from graphexec.hashing import digest_bytes
from graphexec.store.model import Warn

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds for an answer, and as many more as the bytes take at SLOW."""
SLOW = 1e6
"""Bytes a second below which the remote is not worth waiting for."""
MOST = 2000
"""Keys asked for at once. A larger plan asks for its targets only."""
_S3 = {"config_kwargs": {"connect_timeout": 2, "read_timeout": PATIENCE, "retries": {"max_attempts": 1}}}


@dataclass(frozen=True, slots=True)
class RemoteStep:
    """A step as it lies in the remote; `record` names the objects."""

    type: str
    recipe: Mapping[str, Any]
    record: str
    seconds: float


class Remote:
    """Steps and objects below a URL. Not for named data: these belong to one machine."""

    def __init__(self, url: str, writable: bool, say: Warn) -> None:
        """Raises UsageError when fsspec is not installed."""
        if find_spec("fsspec") is None:
            raise UsageError("a remote cache needs fsspec: pip install 'graphexec[s3]'")
        self.url = url
        self.writable = writable
        self._say = say
        self._dead = False
        self._opened: tuple[Any, str] | None = None
        self._steps: dict[str, RemoteStep | None] = {}

    def known(self, keys: Iterable[str]) -> set[str]:
        """Return those of the keys that have a record, asked all at once; every key is asked for once a run."""
        wanted = list(keys)
        new = [key for key in wanted if key not in self._steps]
        if 0 < len(new) <= MOST:
            found = self._ask(lambda: self._read({key: _step_path(key) for key in new}), 0)
            for key in new if found is not None else ():
                self._steps[key] = _parsed(found[key]) if found and key in found else None
        return {key for key in wanted if self._steps.get(key) is not None}

    def step(self, key: str) -> RemoteStep | None:
        """Return a step, or None."""
        return self._steps[key] if self.known([key]) else None

    def objects(self, wanted: Mapping[str, int]) -> dict[str, bytes] | None:
        """Return the contents of objects, given with their sizes, each verified; None when one is missing."""
        paths = {digest: _object_path(digest) for digest in wanted}
        found = self._ask(lambda: self._read(paths), sum(wanted.values()))
        if found is None or any(digest_bytes(found.get(digest, b"")) != digest for digest in wanted):
            return None
        return found

    def push(self, steps: Mapping[str, RemoteStep], contents: Mapping[str, bytes]) -> None:
        """Write objects, and then the steps that name them."""
        if not steps:
            return
        objects = {_object_path(digest): content for digest, content in contents.items()}
        records = {_step_path(key): _text(step) for key, step in steps.items()}

        def write() -> None:
            self._write(objects)
            self._write(records)

        self._ask(write, sum(map(len, contents.values())))

    def forget(self) -> None:
        """Ask anew from now on."""
        self._steps.clear()

    def _read(self, paths: Mapping[str, str]) -> dict[str, bytes]:
        system, root = self._system()
        names = {f"{root}/{path}": name for name, path in paths.items()}
        found: dict[str, bytes] = {}
        for path, content in system.cat(list(names), on_error="return").items():
            if isinstance(content, bytes):
                found[names[path]] = content
            elif not isinstance(content, FileNotFoundError):
                raise content
        return found

    def _write(self, contents: Mapping[str, bytes]) -> None:
        system, root = self._system()
        for folder in {path.rpartition("/")[0] for path in contents}:
            system.makedirs(f"{root}/{folder}", exist_ok=True)
        system.pipe({f"{root}/{path}": content for path, content in contents.items()})

    def _system(self) -> tuple[Any, str]:
        if self._opened is None:
            from fsspec.core import url_to_fs

            system, root = url_to_fs(self.url, **(_S3 if self.url.startswith("s3:") else {}))
            self._opened = system, root.rstrip("/")
        return self._opened

    def _ask(self, action: Callable[[], T], size: int) -> T | None:
        """Return what `action` does in a thread of its own, or None, and never again, when it fails or takes long."""
        if self._dead:
            return None
        answer: Future[T] = Future()
        threading.Thread(target=_settle, args=(answer, action), daemon=True).start()  # one that hangs ends with us
        try:
            return answer.result(PATIENCE + size / SLOW)
        except Exception as error:  # whatever a file system of fsspec raises
            self._dead = True
            reason = "it is too slow" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
            self._say(f"the remote cache {self.url} cannot be used ({reason}): only the local one is, from now on")
            return None


def _settle(answer: Future[T], action: Callable[[], T]) -> None:
    try:
        answer.set_result(action())
    except BaseException as error:
        answer.set_exception(error)


def _step_path(key: str) -> str:
    return f"steps/{key[:2]}/{key[2:]}"


def _object_path(digest: str) -> str:
    return f"objects/{digest[:2]}/{digest[2:]}"


def _text(step: RemoteStep) -> bytes:
    """Return a step as JSON behind its own digest, which tells a torn one."""
    fields = {"type": step.type, "recipe": step.recipe, "record": step.record, "seconds": step.seconds}
    text = json.dumps(fields, sort_keys=True, default=repr).encode()
    return digest_bytes(text).encode() + b"\n" + text


def _parsed(content: bytes) -> RemoteStep | None:
    digest, _, text = content.partition(b"\n")
    if digest_bytes(text).encode() != digest:
        return None
    try:
        return RemoteStep(**json.loads(text))
    except (ValueError, TypeError):
        return None
