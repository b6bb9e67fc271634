"""From axes to the plan of a sweep: every cell checked and planned, nothing run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from graphexec.diagnostics.model import Diagnostic
from graphexec.diagnostics.summary import has_errors
from graphexec.document.load import load_source, read
from graphexec.document.locate import locate
from graphexec.document.model import Document
from graphexec.errors import InvalidWorkflow, UsageError
from graphexec.graph.model import GraphNode
from graphexec.graph.prompt import api_prompt
from graphexec.hashing import digest
from graphexec.plan.model import Known, Plan
from graphexec.sweep.axes import Axis
from graphexec.sweep.batches import Batched, batches, seeded
from graphexec.sweep.cells import MAX_CELLS, Cell, cells, check_count, read_rows
from graphexec.sweep.findings import CellFindings
from graphexec.sweep.identities import identities
from graphexec.sweep.kinds import kind_of, steps_of
from graphexec.sweep.plan import PlannedCell, SweepPlan, Work
from graphexec.sweep.subjects import Subject, subjects

if TYPE_CHECKING:
    from graphexec.api import Changes, PathLike, Session

END = "end_at_step"
"""The input that says where a sampler stops."""


def plan_sweep(
    session: Session,
    workflow: PathLike | Mapping[str, Any] | Document,
    axes: Sequence[Axis],
    base: Changes | None = None,
    *,
    max_cells: int = MAX_CELLS,
    earlier: Sequence[Diagnostic] = (),
    batch: int = 1,
) -> SweepPlan:
    """Check every cell and return the plan; nothing runs. Raises InvalidWorkflow with all findings.

    `base` is what all cells change, `earlier` are findings about the axes; `batch` is how many cells that differ only
    in a seed are sampled together.
    """
    base = base or {}
    if isinstance(workflow, Document):
        document: Document | None = workflow
        about_file: list[Diagnostic] = []
    else:
        source = load_source(workflow)
        document, found = read(source, session.registry)
        about_file = locate(found, source)
    if document is None:
        raise InvalidWorkflow([*earlier, *about_file])
    made, wrong = subjects(document, axes, _given(base))
    rows, unread = read_rows(axes, made)
    about_axes = [*earlier, *wrong, *unread]
    too_many = [] if has_errors(earlier) and not axes else check_count(axes, max_cells)
    if too_many or has_errors(about_file):
        raise InvalidWorkflow([*about_file, *about_axes, *too_many])
    if batch < 1:
        raise UsageError("a batch has at least one cell")
    planner = _Planner(session, document, axes, made, base)
    for cell in cells(rows):
        planner.add(cell)
    findings = [*about_axes, *about_file]
    findings += (finding for finding in planner.findings.result() if finding not in about_file)
    if has_errors(findings):
        raise InvalidWorkflow(findings)
    together = batches(((planned.cell.number, planned.seeded) for planned in planner.cells), batch)
    if together:
        planner = planner.again(Batched(together))
    return SweepPlan(
        document, tuple(axes), made, base, tuple(planner.cells), tuple(planner.works), tuple(findings), together
    )  # fmt: skip


def _given(base: Changes) -> dict[str, str]:
    """Return the names that have one value in all cells, with the option that gives it."""
    names = dict.fromkeys(base.get("params") or (), "--param") | dict.fromkeys(base.get("set") or (), "--set")
    return names if base.get("seed") is None else names | {"seed": "--seed"}


class _Planner:
    """Collects cells, and the work that they share."""

    def __init__(
        self, session: Session, document: Document, axes: Sequence[Axis], made: Mapping[str, Subject], base: Changes,
        batched: Batched | None = None,
    ) -> None:  # fmt: skip
        self._session, self._document, self._axes, self._subjects, self._base = session, document, axes, made, base
        self._batched = batched or Batched({})
        self.findings = CellFindings(axes, made)
        self.cells: list[PlannedCell] = []
        self.works: list[Work] = []
        self._numbers: dict[str, int] = {}
        self._families: dict[str, int] = {}

    def add(self, cell: Cell) -> None:
        """Check a cell, and plan it unless it has errors."""
        graph, findings = self._session.build(self._document, **cell.changes(self._base, self._subjects))
        self.findings.add(cell, findings)
        if graph is None:
            return
        plan = self._session.plan(self._batched.graph(graph, cell.number))
        named = identities(plan, cell.number)
        steps = [s for s in plan.steps if not s.lazy]
        to_do = tuple((s.node.id, self._work(plan, s.node.id, named[s.node.id])) for s in steps if not s.cached)
        cached = tuple(self._work(plan, s.node.id, named[s.node.id]) for s in steps if s.cached)
        self.cells.append(PlannedCell(cell, self._key(plan, named), to_do, cached, seeded(plan)))

    def again(self, batched: Batched) -> _Planner:
        """Return a planner with the same cells, some of whose samplers are batched."""
        other = _Planner(self._session, self._document, self._axes, self._subjects, self._base, batched)
        for planned in self.cells:
            other.add(planned.cell)
        return other

    def _work(self, plan: Plan, id: str, identity: str) -> int:
        number = self._numbers.get(identity)
        if number is None:
            number = self._numbers[identity] = len(self.works)
            node = plan.graph.nodes[id]
            kind = kind_of(node)
            steps = steps_of(node, plan.graph) if kind == "sample" else None
            place = self._place(plan, node, number)
            self.works.append(Work(identity, kind, steps, node.spec.handle, place))
        return number

    def _place(self, plan: Plan, node: GraphNode, number: int) -> tuple[int, int]:
        """Return the place of a work: a sampler that goes on where another stops reuses its steps if it comes later."""
        key, end = plan.keys[node.id], node.params.get(END)
        if not isinstance(key, Known) or not isinstance(end, int):
            return number, 0
        others = {name: value for name, value in node.params.items() if name != END}
        family = digest("family", [node.spec.type, node.spec.version, others, dict(key.recipe["links"])])
        return self._families.setdefault(family, number), end

    def _key(self, plan: Plan, named: Mapping[str, str]) -> str:
        graph = plan.graph
        targets: list[Any] = [[target.node, target.slot] for target in graph.targets]
        policy = asdict(self._session.policy)
        return digest("cell", [api_prompt(graph), graph.document.workflow, targets, named, policy])
