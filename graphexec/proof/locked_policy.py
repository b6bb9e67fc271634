"""The words that ask for the numeric policy of a lock: a lock records what they were resolved to."""

from __future__ import annotations

from graphexec.proof.model import Lock

MOST_THREADS = 256
"""A lock that names more is not obeyed."""


def locked_words(lock: Lock) -> dict[str, str | int]:
    """Return device, dtype, noise and threads to render with, as far as the lock tells; they may not be available."""
    policy = lock.policy
    words: dict[str, str | int] = {name: policy[name] for name in ("device", "noise") if name in policy}
    if "dtype" in policy:
        same = policy["dtype"] == policy.get("large_dtype", policy["dtype"])
        words["dtype"] = policy["dtype"] if same else "auto"
    threads = policy.get("threads", "")
    if threads.isascii() and threads.isdigit() and 0 < int(threads[:9]) <= MOST_THREADS:
        words["threads"] = int(threads)
    return words
