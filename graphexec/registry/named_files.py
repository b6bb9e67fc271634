"""Which files a value of a file input stands for: none, one, or a set of files under one name."""

from __future__ import annotations

from graphexec.ports import Files
from graphexec.registry.spec import InputSpec


def named_files(declared: InputSpec, value: str, files: Files | None) -> tuple[tuple[str, str], ...]:
    """Return (folder, file name) of each file that a value names; names that need no file have none.

    A member of a set that does not exist is named with `.safetensors`, so that looking it up says what is missing.
    """
    if declared.folder is None or value in declared.choices:
        return ()
    return tuple((folder, _member(folder, stem, files)) for folder, stem in declared.sets.get(value, ())) or (
        (declared.folder, value),
    )


def complete_sets(declared: InputSpec, files: Files) -> tuple[str, ...]:
    """Return the names of the sets whose files are all there."""
    found = {folder: files.models(folder) for members in declared.sets.values() for folder, _ in members}
    return tuple(
        name
        for name, members in declared.sets.items()
        if all(any(file.startswith(f"{stem}.") for file in found[folder]) for folder, stem in members)
    )


def _member(folder: str, stem: str, files: Files | None) -> str:
    known = files.models(folder) if files else ()
    return next((name for name in known if name.startswith(f"{stem}.")), f"{stem}.safetensors")
