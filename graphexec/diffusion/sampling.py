"""Samplers by name, with settings of their own: the values of SAMPLER sockets."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from graphexec.diffusion.samplers.base import SamplerSpec
from graphexec.diffusion.samplers.table import SAMPLERS
from graphexec.errors import NodeError
from graphexec.hashing import digest


@dataclass(frozen=True, slots=True)
class Sampler:
    """A row of the table with settings of its own: the value of a SAMPLER socket."""

    spec: SamplerSpec
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def settings(self) -> Mapping[str, Any]:
        """All its options, those set and those left alone."""
        return MappingProxyType({**self.spec.options, **self.options})

    @property
    def identity(self) -> str:
        """A digest of what it does."""
        return digest("sampler", [self.spec.name, dict(self.options)])


def named(name: str, table: Mapping[str, Any], kind: str) -> Any:
    """Look a name up. Raises NodeError with the nearest names for one that is not in the table."""
    if name in table:
        return table[name]
    near = difflib.get_close_matches(name, table, n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise NodeError(f"unknown {kind} {name!r}{hint}")


def sampler(name: str, **options: Any) -> Sampler:
    """The sampler of a name, with some of its options set. Raises NodeError for names and options it does not have."""
    spec: SamplerSpec = named(name, SAMPLERS, "sampler")
    for option in options:
        named(option, spec.options, f"option of sampler {name}:")
    return Sampler(spec, MappingProxyType(options))
