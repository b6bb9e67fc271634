"""What the calls of a node returned, put together: items of each output, what is shown, artifacts, expansions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphexec.errors import NodeError
from graphexec.ports import Artifact, Blocked, Outcome
from graphexec.registry.spec import NodeSpec, OutputSpec
from graphexec.store.model import Entry, Items


@dataclass(frozen=True, slots=True)
class Expansion:
    """A graph that one call returned in place of its outputs; `values` are outputs or links into the graph."""

    graph: Mapping[str, Any]
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Collected:
    """The results of all calls. `calls` has one tuple of outputs, or an expansion, for each call."""

    calls: tuple[tuple[Any, ...] | Expansion, ...]
    ui: Mapping[str, Any]
    artifacts: tuple[Artifact, ...]

    @property
    def expands(self) -> bool:
        """Whether any call returned a graph."""
        return any(isinstance(call, Expansion) for call in self.calls)


_NOTHING: Mapping[str, Any] = {}


def collect(spec: NodeSpec, results: Sequence[Any]) -> Collected:
    """Bring the results of the calls into one form. Raises NodeError for what no node may return."""
    if len(results) == 1 and type(results[0]) is tuple and len(results[0]) == len(spec.outputs):
        return Collected((results[0],), _NOTHING, ())
    calls: list[tuple[Any, ...] | Expansion] = []
    shown: list[Mapping[str, Any]] = []
    artifacts: list[Artifact] = []
    for result in results:
        outcome = result if isinstance(result, Outcome) else Outcome(values=_values(spec, result))
        if outcome.expand is not None:
            calls.append(Expansion(outcome.expand, outcome.values))
        else:
            calls.append(_checked(spec, outcome))
        shown.append(outcome.ui)
        artifacts += outcome.artifacts
    return Collected(tuple(calls), merge_ui(shown), tuple(artifacts))


def entry(spec: NodeSpec, collected: Collected, mapped: bool) -> Entry:
    """Return what is kept of a step that does not expand: the items of each output over all calls."""
    calls: list[tuple[Any, ...]] = []
    for values in collected.calls:
        if isinstance(values, Expansion):
            raise TypeError("an expansion has no outputs before its children have run")
        calls.append(values)
    outputs = [_items(declared, slot, calls) for slot, declared in enumerate(spec.outputs)]
    return Entry(tuple(outputs), mapped, collected.ui, collected.artifacts)


def _items(declared: OutputSpec, slot: int, calls: Sequence[tuple[Any, ...]]) -> Items:
    """Return the items of one output; none of calls that returned no values."""
    found = [values[slot] for values in calls if values]
    if not declared.is_list:
        return tuple(found)  # that of numbers is no work for the garbage collector, which a list is
    items: list[Any] = []
    for value in found:
        items += [value] if isinstance(value, Blocked) else _listed(declared.name, value)
    return items


def merge_ui(shown: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Join what several calls show: lists under one key are concatenated, other values become items."""
    present = [ui for ui in shown if ui]
    if len(present) <= 1:
        return present[0] if present else _NOTHING
    joined: dict[str, list[Any]] = {}
    for ui in present:
        for key, value in ui.items():
            joined.setdefault(key, []).extend(value if isinstance(value, (list, tuple)) else [value])
    return joined


def _values(spec: NodeSpec, result: Any) -> tuple[Any, ...]:
    if isinstance(result, Blocked):
        return (result,) * len(spec.outputs)
    if isinstance(result, tuple):
        return result
    raise NodeError(f"it returned a value of type {type(result).__name__} instead of a tuple or an Outcome")


def _checked(spec: NodeSpec, outcome: Outcome) -> tuple[Any, ...]:
    count = len(outcome.values)
    if count != len(spec.outputs) and (count or not (outcome.ui or outcome.artifacts)):
        raise NodeError(f"it returned {count} values for {len(spec.outputs)} outputs")
    return outcome.values


def _listed(name: str, value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    raise NodeError(f"output {name!r} is a list, but it returned a value of type {type(value).__name__}")
