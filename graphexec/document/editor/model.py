"""The editor's graph as the passes see it: nodes, their sockets, and which output feeds which input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from operator import is_
from types import MappingProxyType
from typing import Any

from graphexec.diagnostics.model import Diagnostic, Path
from graphexec.document.editor.schemas import WILDCARD

ENTRY = "-10"
"""Inside a subgraph, the node whose outputs are the subgraph's inputs."""
EXIT = "-20"
"""Inside a subgraph, the node whose inputs are the subgraph's outputs."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Mode(IntEnum):
    """The modes that change a prompt; the editor's others (on event, on trigger) behave like ALWAYS."""

    ALWAYS = 0
    MUTED = 2
    BYPASSED = 4


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an input comes from: output `slot` of a node. `type` is what the link itself says."""

    node: str
    slot: int
    type: str = WILDCARD


@dataclass(frozen=True, slots=True)
class Value:
    """A widget's value and where it stands in the file."""

    value: Any
    path: Path


@dataclass(frozen=True, slots=True)
class InputSlot:
    """An input socket. `widget` names the widget it replaces, if it was made from one.

    `constant` is what a promoted widget of a subgraph instance holds: it counts where nothing is linked.
    """

    name: str
    type: str
    path: Path
    origin: Origin | None = None
    widget: str | None = None
    label: str | None = None
    constant: Value | None = None


@dataclass(frozen=True, slots=True)
class OutputSlot:
    """An output socket."""

    name: str
    type: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the canvas, in its units."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class EditorNode:
    """A node as it was saved.

    `id` is the execution id (`57:41` inside subgraph instance 57), `scope` the ids of the instances around it
    (`57:`, empty at the root). `saved` are the widget values by position or by name, `named` those that the
    file itself names; `widgets` is what the naming pass makes of both (None before it). An `alias` hands
    input k on as output k.
    """

    id: str
    type: str
    path: Path
    scope: str = ""
    mode: Mode = Mode.ALWAYS
    title: str | None = None
    inputs: tuple[InputSlot, ...] = ()
    outputs: tuple[OutputSlot, ...] = ()
    saved: tuple[Any, ...] | Mapping[str, Any] | None = None
    named: Mapping[str, Any] | None = None
    widgets: Mapping[str, Value] | None = None
    properties: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    box: Box | None = None
    color: str | None = None
    alias: bool = False

    def with_(self, **fields: Any) -> EditorNode:
        """Return a copy with other fields."""
        return replace(self, **fields)

    def map_inputs(self, change: Callable[[InputSlot], InputSlot]) -> EditorNode:
        """Return a copy with changed inputs, or the node itself when all of them stay the same."""
        inputs = tuple(map(change, self.inputs))
        return self if all(map(is_, inputs, self.inputs)) else replace(self, inputs=inputs)

    @property
    def saved_path(self) -> Path:
        """Where the widget values stand in the file."""
        return (*self.path, "widgets_values")

    def saved_value(self, index: int) -> Any:
        """Return a widget value by position; None when there is none."""
        values = self.saved
        return values[index] if isinstance(values, tuple) and index < len(values) else None

    @property
    def shown_title(self) -> str:
        """The title that the file gives, else the class name under which the editor finds the node, else the type."""
        name = self.properties.get("Node name for S&R")
        return self.title or (name if isinstance(name, str) and name else self.type)


@dataclass(frozen=True, slots=True)
class Frame:
    """A titled rectangle that groups nodes by where they lie."""

    title: str
    box: Box
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Subgraph:
    """A subgraph definition: its own nodes, with ids as in the file, and its interface.

    The `origin` of an input of `outputs` is the inner output that feeds that output of the subgraph.
    """

    id: str
    name: str
    path: Path
    nodes: tuple[EditorNode, ...]
    inputs: tuple[InputSlot, ...]
    outputs: tuple[InputSlot, ...]
    frames: tuple[Frame, ...] = ()
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Recipe:
    """The definition of a group node: inner nodes by position, links between them, and what is shown outside.

    `links` maps (inner node, input slot as saved) to what feeds it, where ENTRY stands for something outside;
    `external` holds the outputs that are shown although they are linked inside; `labels` and `shown` are the
    author's settings by (inner node, "input" or "output", key).
    """

    name: str
    path: Path
    nodes: tuple[EditorNode, ...]
    links: Mapping[tuple[int, int], Origin]
    external: frozenset[tuple[int, int]]
    labels: Mapping[tuple[int, str, str], str]
    shown: Mapping[tuple[int, str, str], bool]


@dataclass(frozen=True, slots=True)
class Broadcasted:
    """A connection that Use Everywhere recorded when the file was saved (`extra.ue_links`)."""

    target: str
    target_slot: int
    origin: Origin


@dataclass(frozen=True, slots=True)
class EditorGraph:
    """The whole file. Passes return copies; what they have to say is added to `findings`."""

    nodes: Mapping[str, EditorNode]
    frames: tuple[Frame, ...] = ()
    subgraphs: Mapping[str, Subgraph] = field(default_factory=lambda: _NOTHING)
    recipes: Mapping[str, Recipe] = field(default_factory=lambda: _NOTHING)
    broadcasted: tuple[Broadcasted, ...] = ()
    lists_every_widget: bool = False
    """Whether inputs include those of widgets that were never made into sockets (front ends from 1.16 on)."""
    broken: frozenset[str] = frozenset()
    findings: tuple[Diagnostic, ...] = ()

    def with_nodes(self, nodes: Iterable[EditorNode], findings: Iterable[Diagnostic] = ()) -> EditorGraph:
        """Return a copy with other nodes, in the order given, and further findings."""
        return replace(self, nodes={node.id: node for node in nodes}, findings=(*self.findings, *findings))

    def without(self, ids: Iterable[str], findings: Iterable[Diagnostic] = ()) -> EditorGraph:
        """Return a copy without some nodes and the links from them."""
        gone = frozenset(ids)
        kept = (node for node in self.nodes.values() if node.id not in gone)
        return self.with_nodes((_unlinked(node, gone) for node in kept) if gone else kept, findings)


def _unlinked(node: EditorNode, gone: frozenset[str]) -> EditorNode:
    return node.map_inputs(
        lambda slot: replace(slot, origin=None) if slot.origin and slot.origin.node in gone else slot
    )
