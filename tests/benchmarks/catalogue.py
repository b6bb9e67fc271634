"""The benchmarks by name."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from tests.benchmarks.options import Options
from tests.benchmarks.tables import Part

BENCHMARKS = ("sampler", "engine", "store", "startup", "scaling")


class Benchmark(Protocol):
    """What a benchmark's module has."""

    __doc__: str | None

    def measure(self, options: Options, /) -> Sequence[Part]: ...


def load(name: str) -> Benchmark:
    """The module of a benchmark."""
    return cast(Benchmark, import_module(f"tests.benchmarks.{name}"))


def claim(name: str) -> str:
    """The claim that a benchmark supports: the first line of its docstring."""
    first = (load(name).__doc__ or "").partition("\n")[0]
    if not first.startswith("Claim: "):
        raise ValueError(f"tests/benchmarks/{name}.py does not begin with its claim")
    return first.removeprefix("Claim: ")
