"""The models that come inside the package, in the layout of a models directory."""

from __future__ import annotations

from pathlib import Path

import graphexec


def shipped_models() -> Path | None:
    """Return the models directory inside the package, None where a package was made without it."""
    directory = Path(graphexec.__file__).parent / "_models"
    return directory if directory.is_dir() else None
