"""Which cell a worker runs next, so that no two compute the same work at once (ADR 17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from graphexec.sweep.plan import PlannedCell, Work


class Scheduling:
    """Cells that are left, and who computes what. Workers are numbers.

    Work that several cells need and nobody has computed is leased to the cell that runs it first; until it is done,
    cells that need it wait. With a store that all workers share (`shared`), any of them may go on then; without,
    samplers belong to the worker that ran them, and everything else is computed by each worker for itself.
    """

    def __init__(self, cells: Sequence[PlannedCell], works: Sequence[Work], shared: bool) -> None:
        self._left: dict[int, PlannedCell] = {planned.cell.number: planned for planned in cells}
        self._works = works
        self._shared = shared
        uses = Counter(work for planned in cells for _, work in planned.steps)
        self._contended = frozenset(work for work, count in uses.items() if count > 1 and self._matters(works[work]))
        self._running: dict[int, tuple[PlannedCell, int]] = {}
        self._done: set[int] = set()
        self._leases: dict[int, int] = {}
        """Works to the worker that computes them or, in a memory of its own, has computed them."""
        self._loaded: dict[int, set[int]] = {}

    def __len__(self) -> int:
        """Return how many cells have not been given to a worker."""
        return len(self._left)

    def take(self, worker: int) -> PlannedCell | None:
        """Return a cell for a worker, which is then running; None while it must wait, or when there is none.

        The order is that of the cells, but for weights: a worker stays with what it has loaded while it can, and
        else takes what no other has loaded.
        """
        ready = [planned for planned in self._left.values() if self._is_ready(planned, worker)]
        if not ready:
            return None
        mine = self._loaded.setdefault(worker, set())
        others = {load for other, loads in self._loaded.items() if other != worker for load in loads}
        chosen = min(ready, key=lambda planned: self._cost(set(self._loads(planned)), mine, others))
        del self._left[chosen.cell.number]
        self._running[chosen.cell.number] = chosen, worker
        mine |= set(self._loads(chosen))
        for _, work in chosen.steps:
            if work in self._contended and work not in self._done:
                self._leases.setdefault(work, worker)
        return chosen

    def step_done(self, cell: int, node: str) -> None:
        """A node of a running cell has given its outputs."""
        planned, _ = self._running[cell]
        for id, work in planned.steps:
            if id == node and work in self._contended and self._shared:
                self._done.add(work)
                self._leases.pop(work, None)

    def ended(self, cell: int) -> None:
        """A cell is done or has failed: what it has not computed is free again."""
        planned, worker = self._running.pop(cell)
        if self._shared:
            self._release(planned, worker)

    def lost(self, cell: int, again: bool) -> None:
        """The worker of a cell has died, and with it what it had in memory; the cell may be run `again`."""
        planned, worker = self._running.pop(cell)
        self._leases = {work: owner for work, owner in self._leases.items() if owner != worker}
        self._loaded.pop(worker, None)
        if again:
            self._left = {cell: planned, **self._left}

    def _matters(self, work: Work) -> bool:
        """Whether a work is waited for: no handles, since each process needs its own; without a store only samplers."""
        return not work.handle and (self._shared or work.kind == "sample")

    def _is_ready(self, planned: PlannedCell, worker: int) -> bool:
        owners = {self._leases[work] for _, work in planned.steps if work in self._leases}
        if not self._shared and len(owners) > 1:  # no worker has all of it, nor ever will
            return True
        return owners <= {worker}

    def _loads(self, planned: PlannedCell) -> Iterator[int]:
        return (work for _, work in planned.steps if self._works[work].kind == "load")

    def _cost(self, needed: set[int], mine: set[int], others: set[int]) -> tuple[int, int]:
        missing = needed - mine
        return len(missing), len(missing & others)

    def _release(self, planned: PlannedCell, worker: int) -> None:
        for _, work in planned.steps:
            if self._leases.get(work) == worker:
                del self._leases[work]
