"""The plan of a sweep: every cell's steps, merged where cells share them, and what there is to do in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphexec.diagnostics.model import Diagnostic
from graphexec.document.model import Document
from graphexec.sweep.axes import Axis
from graphexec.sweep.batches import Batch, Seeded
from graphexec.sweep.cells import Cell
from graphexec.sweep.kinds import KINDS, Kind
from graphexec.sweep.subjects import Subject

if TYPE_CHECKING:
    from graphexec.api import Changes


@dataclass(frozen=True, slots=True)
class Work:
    """A step that one or more cells need. `steps` are those of a sampler, None where its literals do not tell."""

    identity: str
    kind: Kind
    steps: int | None
    handle: bool
    """Makes handles only, which no store keeps and no other process can use."""
    place: tuple[int, int]
    """Where it stands in the order of a run: by first use, but a sampler that stops earlier before one that goes on."""


@dataclass(frozen=True, slots=True)
class PlannedCell:
    """A cell with the steps that it would run, as (node id, index of the work), in the order of the graph.

    `key` is the digest of all that its files depend on, metadata included.
    """

    cell: Cell
    key: str
    steps: tuple[tuple[str, int], ...]
    cached: tuple[int, ...]
    seeded: Seeded = ()


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """A checked sweep. `findings` are warnings and notes; `works` are numbered by the first cell that needs them."""

    document: Document
    axes: tuple[Axis, ...]
    subjects: Mapping[str, Subject]
    base: Changes
    cells: tuple[PlannedCell, ...]
    works: tuple[Work, ...]
    findings: tuple[Diagnostic, ...]
    batches: Mapping[int, tuple[Batch, ...]]
    """Those that each cell, by number, takes part in; empty unless batches are asked for."""

    def changes(self, cell: Cell) -> Changes:
        """Return what is different from the file in a cell."""
        return cell.changes(self.base, self.subjects)


@dataclass(frozen=True, slots=True)
class Counts:
    """What is to do: cells, and pieces of work of each kind, those that several cells share counted once.

    `steps` are sampler steps; `unknown` is the number of samplers whose steps are not known before they run.
    `shared` is how many times a cell finds a step done by another, `cached` how many steps were there before.
    """

    cells: int
    loads: int
    encodes: int
    steps: int
    unknown: int
    decodes: int
    other: int
    shared: int
    cached: int

    def __str__(self) -> str:
        """Return the line for a person: what there is none of is left out."""
        named = [
            (self.loads, "load", ""),
            (self.encodes, "encode", ""),
            (self.steps, "step", ""),
            (self.unknown, "sampler", " of unknown length"),
            (self.decodes, "decode", ""),
            (self.other, "other node", ""),
        ]
        parts = [_counted(number, noun, rest) for number, noun, rest in named if number]
        parts += [f"{n} {word}" for n, word in ((self.shared, "shared"), (self.cached, "cached")) if n]
        return f"{_counted(self.cells, 'cell')}: {', '.join(parts) or 'nothing to do'}"


def _counted(number: int, noun: str, rest: str = "") -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}{rest}"


def count_work(plan: SweepPlan, chosen: Sequence[PlannedCell] | None = None) -> Counts:
    """Return what the cells of a plan need, all or those chosen."""
    wanted = plan.cells if chosen is None else chosen
    uses = Counter(work for cell in wanted for _, work in cell.steps)
    kinds = Counter(plan.works[work].kind for work in uses)
    samplers = [plan.works[work].steps for work in uses if plan.works[work].kind == "sample"]
    return Counts(
        cells=len(wanted),
        loads=kinds["load"],
        encodes=kinds["encode"],
        steps=sum(steps for steps in samplers if steps is not None),
        unknown=samplers.count(None),
        decodes=kinds["decode"],
        other=kinds["other"],
        shared=uses.total() - len(uses),
        cached=len({work for cell in wanted for work in cell.cached}),
    )


def ordered(plan: SweepPlan, chosen: Sequence[PlannedCell]) -> list[PlannedCell]:
    """Return cells so that those which share work are neighbours: loads first, then encodes, samplers, the rest.

    Work that most cells share changes slowest; so what it gives is still in memory when the next cell needs it.
    """
    rank = {kind: number for number, kind in enumerate(KINDS)}

    def place(planned: PlannedCell) -> list[tuple[int, tuple[int, int]]]:
        return sorted((rank[plan.works[work].kind], plan.works[work].place) for _, work in planned.steps)

    return sorted(chosen, key=place)
