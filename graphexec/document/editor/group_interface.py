"""What a group node shows outside: its inputs, widgets and outputs, worked out from the inner nodes' schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, count

from graphexec.document.editor.model import ENTRY, EditorNode, InputSlot, Origin, Recipe
from graphexec.document.editor.schemas import InputSpec, Interfaces, NodeSpec, is_widget

_PASSING = "Reroute"
_PRIMITIVE = "PrimitiveNode"


@dataclass(frozen=True, slots=True)
class GroupInput:
    """An input of the group: which input of which inner node it feeds."""

    name: str
    node: int
    slot: int


@dataclass(frozen=True, slots=True)
class GroupWidget:
    """A widget of the group: which widget of which inner node it sets."""

    name: str
    node: int
    input: str


@dataclass(frozen=True, slots=True)
class GroupOutput:
    """An output of the group."""

    name: str
    type: str
    node: int
    slot: int


@dataclass(frozen=True, slots=True)
class Interface:
    """The outside of a group. `spec` lists its widgets as if it were a node type.

    `slots` are the inputs of each inner node, fed from other inner nodes or from ENTRY: its outputs are `inputs`,
    then `widgets`.
    """

    inputs: tuple[GroupInput, ...]
    widgets: tuple[GroupWidget, ...]
    outputs: tuple[GroupOutput, ...]
    slots: tuple[tuple[InputSlot, ...], ...]
    spec: NodeSpec

    @property
    def names(self) -> frozenset[str]:
        """The names of all inputs and widgets."""
        return frozenset({i.name for i in self.inputs} | {w.name for w in self.widgets})


def interface_of(recipe: Recipe, schemas: Interfaces, lists_every_widget: bool) -> Interface:
    """Return the outside of a group node. Inner nodes without a schema are taken as they were saved."""
    builder = _Builder(recipe)
    for index, node in enumerate(recipe.nodes):
        builder.add(index, node, schemas.find(node.type), lists_every_widget)
    return builder.interface()


@dataclass
class _Builder:
    recipe: Recipe
    inputs: list[GroupInput] = field(default_factory=list)
    late: list[tuple[int, int]] = field(default_factory=list)
    widgets: list[tuple[GroupWidget, InputSpec]] = field(default_factory=list)
    slots: list[list[InputSlot]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def add(self, index: int, node: EditorNode, spec: NodeSpec | None, lists_every_widget: bool) -> None:
        """Take in one inner node: its slots in the order that links count them, and its widgets."""
        converted = self._converted(index, node, spec, lists_every_widget)
        sockets = [slot for slot in node.inputs if not slot.widget]
        if spec is not None:
            saved = {slot.name: slot for slot in reversed(node.inputs)}
            declared = [item for item in spec.inputs if not is_widget(item)]
            sockets = [saved.get(item.name) or InputSlot(item.name, item.type, node.path) for item in declared]
            names = {item.name for item in spec.inputs}
            sockets += [slot for slot in node.inputs if slot.name not in names and not slot.widget]
        slots = [replace(slot, origin=self._inside(index, k)) for k, slot in enumerate((*sockets, *converted))]
        self.slots.append(slots)
        for item in self._widget_inputs(index, node, spec):
            if item.name not in {slot.widget for slot in converted}:
                self._add_widget(index, node, item)
        for k in range(len(sockets)):
            if slots[k].origin is None:
                self._add_input(index, node, k)
        open_slots = [k for k in range(len(sockets), len(slots)) if slots[k].origin is None]
        self.late += [(index, k) for k in sorted(open_slots, key=str)]  # the editor sorts them as texts

    def interface(self) -> Interface:
        """Return what was gathered; widgets that were made into sockets come after all other inputs."""
        for index, k in self.late:
            self._add_input(index, self.recipe.nodes[index], k)
        self._link_from_entry()
        specs = tuple(replace(item, name=widget.name, required=True) for widget, item in self.widgets)
        return Interface(
            inputs=tuple(self.inputs),
            widgets=tuple(widget for widget, _ in self.widgets),
            outputs=tuple(self._outputs()),
            slots=tuple(tuple(slots) for slots in self.slots),
            spec=NodeSpec(self.recipe.name, specs, (), None, "group node"),
        )

    def _converted(self, index: int, node: EditorNode, spec: NodeSpec | None, every: bool) -> list[InputSlot]:
        """Return the widgets that were made into sockets; newer files list all, of which the linked ones count."""
        listed = [slot for slot in node.inputs if slot.widget]
        if not every:
            return listed
        sockets = sum(not slot.widget for slot in node.inputs)
        return [slot for k, slot in enumerate(listed, start=sockets) if (index, k) in self.recipe.links]

    def _inside(self, index: int, k: int) -> Origin | None:
        origin = self.recipe.links.get((index, k))
        if origin is None or origin.node == ENTRY or int(origin.node) >= len(self.recipe.nodes):
            return None
        return origin

    def _widget_inputs(self, index: int, node: EditorNode, spec: NodeSpec | None) -> Iterator[InputSpec]:
        if node.type == _PRIMITIVE:
            target = next((t for t, origin in self.recipe.links.items() if origin.node == str(index)), None)
            if target is not None:
                kind = self.recipe.links[target].type
                yield InputSpec("value", kind, options={"control_after_generate": kind == "INT"})
        elif spec is not None:
            yield from (item for item in spec.inputs if is_widget(item))

    def _add_widget(self, index: int, node: EditorNode, item: InputSpec) -> None:
        self.widgets.append((GroupWidget(self._name(index, node, item.name), index, item.name), item))

    def _add_input(self, index: int, node: EditorNode, k: int) -> None:
        slot = self.slots[index][k]
        key = self._passing_type(index) if node.type == _PASSING else slot.widget or slot.name
        if self.recipe.shown.get((index, "input", key)) is not False:
            self.inputs.append(GroupInput(self._name(index, node, key, slot.label), index, k))

    def _passing_type(self, index: int) -> str:
        """Return the type of what passes an inner reroute: the editor names the group's input by it."""
        types = (
            origin.type
            for (target, _), origin in self.recipe.links.items()
            if target == index or origin.node == str(index)
        )
        return next(types, "*")

    def _name(self, index: int, node: EditorNode, key: str, label: str | None = None) -> str:
        """Return the group's name for an input, made unique by the inner node's title and a number."""
        plain = self.recipe.labels.get((index, "input", key)) or label or key
        if node.type == _PRIMITIVE and node.title:
            plain = f"{node.title} value"
        prefix = f"{node.title or node.type} "
        names = chain((plain, prefix + plain), (f"{prefix}{n} {plain}" for n in count(2)))
        name = next(name for name in names if name not in self.names)
        self.names.add(name)
        return name

    def _link_from_entry(self) -> None:
        for place, group_input in enumerate(self.inputs):
            slots = self.slots[group_input.node]
            slots[group_input.slot] = replace(slots[group_input.slot], origin=Origin(ENTRY, place))
        for place, (widget, item) in enumerate(self.widgets, start=len(self.inputs)):
            if self.recipe.nodes[widget.node].type != _PRIMITIVE:
                slot = InputSlot(
                    item.name, item.type, self.recipe.nodes[widget.node].path, Origin(ENTRY, place), item.name
                )
                self.slots[widget.node].append(slot)

    def _outputs(self) -> Iterator[GroupOutput]:
        linked = {(int(o.node), o.slot) for o in self.recipe.links.values() if o.node != ENTRY}
        for index, node in enumerate(self.recipe.nodes):
            for slot, output in enumerate(node.outputs):
                visible = (index, slot) not in linked or (index, slot) in self.recipe.external
                if self.recipe.shown.get((index, "output", str(slot)), visible):
                    name = self.recipe.labels.get((index, "output", str(slot))) or output.name
                    yield GroupOutput(name, output.type, index, slot)
