"""A model inside a file: where its tensors stand, and reading them under the names that the model's module has."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import torch
from torch import Tensor

from graphexec.diffusion.loading.weights import WeightsFile

GROUP = 1 << 27
"""Numbers read with one map of a file."""

Finish: TypeAlias = Callable[[str, Tensor], Mapping[str, Tensor]]
"""Gives a tensor, by the module's name for it, the form that it is kept in: one tensor or several, by name."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a tensor stands: its name in the file, and which third of its rows it is, whether it is transposed, or
    whether a matrix stands for a 1x1 convolution.
    """

    name: str
    third: int | None = None
    transposed: bool = False
    kernel: bool = False

    def shape(self, stored: tuple[int, ...]) -> tuple[int, ...]:
        """The tensor's shape, from that of the stored one."""
        if self.third is not None:
            return (stored[0] // 3, *stored[1:])
        if self.kernel and len(stored) == 2:
            return (*stored, 1, 1)
        return stored[::-1] if self.transposed else stored

    def view(self, stored: Tensor) -> Tensor:
        """The tensor, from the stored one."""
        if self.third is not None:
            return stored.chunk(3)[self.third]
        if self.kernel and stored.ndim == 2:
            return stored[:, :, None, None]
        return stored.T if self.transposed else stored


@dataclass(frozen=True)
class Part:
    """One model of a file. `kind` and the file tell parts apart; `sources` are by the module's tensor names.

    `rounded`: a narrower type that weights, patched ones too, are rounded to before they are used.
    """

    file: WeightsFile
    kind: str
    sources: Mapping[str, Source] = field(compare=False, repr=False)
    rounded: torch.dtype | None = None

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes by the module's tensor names."""
        tensors = self.file.header.tensors
        return {name: source.shape(tensors[source.name].shape) for name, source in self.sources.items()}

    @property
    def identity(self) -> str:
        """The kind, the type that weights are rounded to, and the file's digest."""
        return f"{self.kind}:{self.rounded}:{self.file.digest}"

    def read(
        self, names: Iterable[str], dtype: torch.dtype, device: torch.device, finish: Finish | None = None
    ) -> dict[str, Tensor]:
        """Tensors by the module's names, converted; those that need no conversion are views of the mapped file.

        `finish` brings each into its last form as soon as it is read.
        """
        tensors: dict[str, Tensor] = {}
        for group in self._groups(names):
            stored = self.file.read(dict.fromkeys(self.sources[name].name for name in group))
            for name in group:
                view = self.sources[name].view(stored[self.sources[name].name])
                tensor = self.convert(view, dtype).to(device).contiguous()
                tensors |= finish(name, tensor) if finish else {name: tensor}
        return tensors

    def convert(self, weight: Tensor, dtype: torch.dtype) -> Tensor:
        """A weight in the given type, rounded first; numbers that are no fractions stay what they are."""
        if not weight.is_floating_point():
            return weight
        return weight.to(self.rounded or dtype).to(dtype)

    def _groups(self, names: Iterable[str]) -> Iterator[list[str]]:
        """The names in groups of a few hundred megabytes: each group's map of the file is closed before the next."""
        group: list[str] = []
        numbers = 0
        for name in names:
            group.append(name)
            numbers += math.prod(self.shapes[name])
            if numbers > GROUP:
                yield group
                group, numbers = [], 0
        yield group


def prefixed(file: WeightsFile, kind: str, prefix: str) -> Part:
    """The part whose tensors' names start with `prefix`."""
    return Part(file, kind, {n[len(prefix) :]: Source(n) for n in file.header.tensors if n.startswith(prefix)})


def part_numbers(part: Part) -> int:
    """How many numbers a part's tensors hold."""
    return sum(math.prod(shape) for shape in part.shapes.values())
