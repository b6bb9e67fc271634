"""The plan of a sweep: every cell's steps, merged where cells share them, and what there is to do in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from graphexec.diagnostics.model import Diagnostic
from graphexec.diagnostics.summary import has_errors
from graphexec.document.load import load_source, read
from graphexec.document.locate import locate
from graphexec.document.model import Document
from graphexec.errors import InvalidWorkflow
from graphexec.graph.model import GraphNode
from graphexec.graph.prompt import api_prompt
from graphexec.hashing import digest
from graphexec.plan.model import Known, Plan
from graphexec.sweep.axes import Axis
from graphexec.sweep.cells import MAX_CELLS, Cell, cells, check_count, count, read_rows
from graphexec.sweep.findings import CellFindings
from graphexec.sweep.identities import identities
from graphexec.sweep.kinds import KINDS, Kind, kind_of, steps_of
from graphexec.sweep.subjects import Subject, subjects

if TYPE_CHECKING:
    from graphexec.api import Changes, PathLike, Session


END = "end_at_step"
"""The input that says where a sampler stops."""


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


def plan_sweep(
    session: Session,
    workflow: PathLike | Mapping[str, Any] | Document,
    axes: Sequence[Axis],
    base: Changes | None = None,
    *,
    max_cells: int = MAX_CELLS,
    earlier: Sequence[Diagnostic] = (),
    tell: Callable[[int, int], None] | None = None,
) -> SweepPlan:
    """Check every cell and return the plan; nothing runs. Raises InvalidWorkflow with all findings.

    `base` is what all cells change, `earlier` are findings about the axes; `tell` hears how many cells are checked.
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
    planner = _Planner(session, document, axes, made, base)
    total = count(axes)
    for cell in cells(rows):
        planner.add(cell)
        if tell is not None:
            tell(cell.number, total)
    findings = [*about_axes, *about_file]
    findings += (finding for finding in planner.findings.result() if finding not in about_file)
    if has_errors(findings):
        raise InvalidWorkflow(findings)
    return SweepPlan(document, tuple(axes), made, base, tuple(planner.cells), tuple(planner.works), tuple(findings))


def _given(base: Changes) -> dict[str, str]:
    """Return the names that have one value in all cells, with the option that gives it."""
    names = dict.fromkeys(base.get("params") or (), "--param") | dict.fromkeys(base.get("set") or (), "--set")
    return names if base.get("seed") is None else names | {"seed": "--seed"}


class _Planner:
    """Collects cells, and the work that they share."""

    def __init__(
        self, session: Session, document: Document, axes: Sequence[Axis], made: Mapping[str, Subject], base: Changes
    ) -> None:
        self._session, self._document, self._subjects, self._base = session, document, made, base
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
        plan = self._session.plan(graph)
        named = identities(plan, cell.number)
        steps = [s for s in plan.steps if not s.lazy]
        to_do = tuple((s.node.id, self._work(plan, s.node.id, named[s.node.id])) for s in steps if not s.cached)
        cached = tuple(self._work(plan, s.node.id, named[s.node.id]) for s in steps if s.cached)
        self.cells.append(PlannedCell(cell, self._key(plan, named), to_do, cached))

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
        family = digest("family", [node.spec.type, others, dict(key.recipe["links"])])
        return self._families.setdefault(family, number), end

    def _key(self, plan: Plan, named: Mapping[str, str]) -> str:
        graph = plan.graph
        targets: list[Any] = [[target.node, target.slot] for target in graph.targets]
        policy = asdict(self._session.policy)
        return digest("cell", [api_prompt(graph), graph.document.workflow, targets, named, policy])


def ordered(plan: SweepPlan, chosen: Sequence[PlannedCell]) -> list[PlannedCell]:
    """Return cells so that those which share work are neighbours: loads first, then encodes, samplers, the rest.

    Work that most cells share changes slowest; so what it gives is still in memory when the next cell needs it.
    """
    rank = {kind: number for number, kind in enumerate(KINDS)}

    def place(planned: PlannedCell) -> list[tuple[int, tuple[int, int]]]:
        return sorted((rank[plan.works[work].kind], plan.works[work].place) for _, work in planned.steps)

    return sorted(chosen, key=place)
