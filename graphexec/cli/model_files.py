"""Model files as lists and with their hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graphexec.cli.sessions import model_roots
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.terminal import path_line, result
from graphexec.cli.workflows import STDIN
from graphexec.config import Settings
from graphexec.diagnostics.sanitize import visible
from graphexec.errors import NodeError, UsageError
from graphexec.files import Folders, shipped_models
from graphexec.hashing import digest_file

AUTO_V2 = 10
"""Characters of the SHA-256 that A1111 and Civitai show (Civitai's name for it is AutoV2)."""


def folders_of(settings: Settings) -> Folders:
    """Return the folders that settings stand for."""
    return Folders(
        model_roots(settings),
        input=settings.input,
        output=settings.output,
        follow_links=settings.follow_links,
        shipped=shipped_models(),
    )


def check_format(format: str) -> None:
    """Raise UsageError for a format that is none."""
    if format not in ("text", "json"):
        raise UsageError(f"--format: expected one of text, json, got {format!r}")


def list_models(names: Sequence[str], given: Mapping[str, Any], format: str) -> None:
    """Print the files of some folders, or of all."""
    check_format(format)
    folders = folders_of(settings_for(STDIN, given))
    known = folders.model_folders()
    if strangers := [name for name in names if name not in known]:
        raise UsageError(f"there is no model folder {strangers[0]!r}: there are {', '.join(known)}")
    entries = []
    for folder in names or known:
        for name in folders.models(folder):
            path = folders.model(folder, name)
            entries.append({"folder": folder, "name": name, "bytes": path.stat().st_size, "path": str(path)})
    if format == "json":
        result(json.dumps(entries, indent=2))
        return
    for entry in entries:
        result("\t".join(visible(str(entry[key])) for key in ("folder", "name", "bytes")))


def hash_models(files: Sequence[str], given: Mapping[str, Any], format: str) -> None:
    """Print the hashes of files. Raises UsageError for one that is not there."""
    check_format(format)
    folders = folders_of(settings_for(STDIN, given))
    entries = []
    for file in files:
        path = _path(folders, file)
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        entries.append({"path": str(path), "sha256": sha256, "blake3": digest_file(path), "autov2": sha256[:AUTO_V2]})
    if format == "json":
        result(json.dumps(entries, indent=2))
        return
    for entry in entries:
        result(path_line(entry["path"]))
        for kind in ("sha256", "blake3", "autov2"):
            result(f"  {kind:<7} {entry[kind]}")


def _path(folders: Folders, file: str) -> Path:
    if Path(file).is_file():
        return Path(file)
    folder, _, name = file.partition("/")
    try:
        if name and folder in folders.model_folders():
            return folders.model(folder, name)
    except NodeError as problem:
        raise UsageError(str(problem)) from None
    raise UsageError(f"there is no file {file!r}, and it does not begin with a model folder")
