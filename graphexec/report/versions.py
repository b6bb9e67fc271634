"""Versions of what computes a result, told without importing any of it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("graphexec", "torch", "safetensors", "tokenizers", "torchsde", "numpy", "pillow", "scipy")
"""Distributions whose versions can change a result; asked by metadata, so none is imported."""


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Return the versions of Python, the system and the installed packages."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for name in packages:
        number = _installed(name)
        if number is not None:
            found[name] = number
    return found


@cache
def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
