"""Programs to compare with, each of which may be missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from tests.benchmarks.options import Options


@dataclass(frozen=True, slots=True)
class Rival:
    """A program: its name, the module that it is imported as, and its distributions on PyPI, the telling one first."""

    name: str
    module: str
    distributions: tuple[str, ...]

    @property
    def here(self) -> bool:
        """Whether it is installed."""
        return find_spec(self.module) is not None

    @property
    def version(self) -> str:
        """Name and version."""
        try:
            return f"{self.name} {version(self.distributions[0])}"
        except PackageNotFoundError:
            return self.name


DIFFUSERS = Rival("diffusers", "diffusers", ("diffusers", "accelerate"))
HAMILTON = Rival("Hamilton", "hamilton", ("apache-hamilton",))
DASK = Rival("Dask", "dask", ("dask",))
MATPLOTLIB = Rival("matplotlib", "matplotlib", ("matplotlib",))


def present(rival: Rival, options: Options) -> bool:
    """Whether to compare with it."""
    return options.rivals and rival.here


def missing(rivals: Iterable[Rival], options: Options) -> tuple[str, ...]:
    """What to say of those that are not compared with."""
    if not options.rivals:
        return ()
    return tuple(
        f"{rival.name} is missing: `pip install {' '.join(rival.distributions)}`" for rival in rivals if not rival.here
    )
