"""The words that ask for the numeric policy of a lock: a lock records what they were resolved to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphexec.config.table import BY_KEY
from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.document.locate import locate
from graphexec.document.model import Source
from graphexec.errors import InvalidWorkflow
from graphexec.proof.model import Lock

MOST_THREADS = 256
"""A lock that names more is not obeyed."""


def locked_words(lock: Lock, source: Source) -> dict[str, Any]:
    """Return device, dtype, noise, threads and memory to render with, as far as the lock tells.

    The device may not be there. Raises InvalidWorkflow (GX901) for words that no policy is resolved to. `source` is the
    lock's text.
    """
    policy = lock.policy
    words: dict[str, Any] = {name: policy[name] for name in ("device", "dtype", "noise") if name in policy}
    findings = list(_strange(words))
    if findings:
        raise InvalidWorkflow(locate(findings, source))
    if "dtype" in words and policy.get("large_dtype", words["dtype"]) != words["dtype"]:
        words["dtype"] = "auto"
    threads = policy.get("threads", "")
    if threads.isascii() and threads.isdigit() and 0 < int(threads[:9]) <= MOST_THREADS:
        words["threads"] = int(threads)
    memory = policy.get("memory", "")
    if memory.isascii() and memory.isdigit():
        words["memory"] = int(memory[:18])
    return words


def _strange(words: dict[str, Any]) -> Iterator[Diagnostic]:
    for name, word in words.items():
        try:
            BY_KEY[name].kind.accept(word, None)
        except ValueError as error:
            yield codes.report(codes.BAD_LOCK, f"policy.{name}: {error}", Place(("policy", name)))
