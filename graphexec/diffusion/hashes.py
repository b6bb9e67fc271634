"""Digests of patches: a kind and its settings."""

from __future__ import annotations

from graphexec.hashing import Plain, digest


def patch_identity(kind: str, *settings: Plain) -> str:
    """The identity of a patch that is told entirely by its kind and settings."""
    return digest("patch", [kind, list(settings)])
