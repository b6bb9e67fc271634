"""Names of files in workflows: relative, portable, and never out of their directory."""

from __future__ import annotations

import re
import unicodedata

from graphexec.diagnostics.sanitize import shown
from graphexec.errors import NodeError

_SEPARATORS = re.compile(r"[/\\]")
_PATTERN = re.compile(r"%[^%/\\]*%")
_PORTS = tuple(f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³")
_DEVICES = frozenset(("con", "prn", "aux", "nul", "conin$", "conout$", "clock$", *_PORTS))
"""Names that Windows takes for devices, whatever their extension (Microsoft, "Naming Files, Paths, and Namespaces")."""


def unsafe(name: str) -> str | None:
    """Return why `name` cannot be a name inside a directory on every system, or None when it can.

    Both separators count as such. The rules are those of all systems at once, so that a workflow means the same
    everywhere: no absolute path, no `..`, no `:` (drives, streams), no control character, no device name of
    Windows, and no part that ends in a dot or a blank (Windows drops them, so two names would be one file).
    """
    if not name:
        return "it is empty"
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        return "it has a control character"
    if name[0] in "/\\":
        return "it is an absolute path"
    if ":" in name:
        return "it has a ':', which is a drive or a stream on Windows"
    for part in _SEPARATORS.split(name):
        if part == "..":
            return "'..' leads out of the directory"
        if part not in ("", ".") and part[-1] in ". ":
            return f"{shown(part)} ends in a dot or a blank, which Windows drops"
        if part.split(".")[0].rstrip().lower() in _DEVICES:
            return f"{shown(part)} is a device on Windows"
    return None


def safe_name(name: str) -> str:
    """Return `name` with `/` as separator and without empty and `.` parts; raises NodeError when unsafe."""
    return _safe(name, name)


def safe_prefix(prefix: str) -> str:
    """Return a filename prefix like `safe_name`, but `%date:hh:mm%` patterns in it may hold colons.

    Check the prefix again after the patterns are replaced: what they expand to is text of the workflow too.
    """
    kept = _PATTERN.findall(prefix)
    plain = _safe(_PATTERN.sub("%%", prefix), prefix)
    return re.sub("%%", lambda _: kept.pop(0), plain)


def _safe(name: str, original: str) -> str:
    reason = unsafe(name)
    parts = [part for part in _SEPARATORS.split(name) if part not in ("", ".")]
    if reason is None and not parts:
        reason = "it names no file"
    if reason is not None:
        raise NodeError(f"{shown(original)} is not a safe file name: {reason}")
    return "/".join(parts)
