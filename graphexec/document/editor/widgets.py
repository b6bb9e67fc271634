"""Widget values get their names: by the file's own names, else by position and the schema of the node type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphexec.diagnostics.model import Path
from graphexec.document.editor.model import EditorNode, InputSlot, Value
from graphexec.document.editor.places import CONTROL_WORDS, best_layout
from graphexec.document.editor.schemas import NodeSpec, is_widget

_FRONT_END_ONLY = frozenset({"control_after_generate", "control_filter_list", "upload", "audioUI", "videopreview"})

_REPEATED = re.compile(r"#\d+$")
"""How the editor tells widgets of one name apart: `control_after_generate#1`."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What became of a node's widget values.

    `surplus` counts values that belong to no widget, `unnamed` those whose names only a schema could tell.
    """

    values: Mapping[str, Value]
    surplus: int = 0
    unnamed: int = 0


def name_values(node: EditorNode, spec: NodeSpec | None) -> Naming:
    """Return the widget values of a node by name, in the order of its inputs where the schema is known.

    The list of values is what the editor reads, so it counts; names that the file has beside it (front ends from
    1.49 on) say what is what in it, or stand in for it where the two do not come out even.
    """
    if isinstance(node.saved, Mapping):
        return _named(node.saved, {name: (*node.saved_path, name) for name in node.saved}, spec)
    saved = node.saved or ()
    if node.named is not None and len(node.named) == len(saved):
        return _named(dict(zip(node.named, saved)), {n: (*node.saved_path, i) for i, n in enumerate(node.named)}, spec)
    if spec is not None:
        return _by_layout(node, spec, saved)
    if node.named is not None:
        return _named(node.named, {name: (*node.path, "widgets_values_named", name) for name in node.named}, spec)
    return _by_sockets(node, saved)


def _named(saved: Mapping[str, Any], paths: Mapping[str, Path], spec: NodeSpec | None) -> Naming:
    values = {
        name: Value(value, paths[name])
        for name, value in saved.items()
        if (spec is not None and spec.input(name)) or not _belongs_to_editor(name, value)
    }
    if spec is None:
        return Naming(values)
    widgets = [declared for declared in spec.inputs if is_widget(declared)]
    ordered = {declared.name: values[declared.name] for declared in widgets if declared.name in values}
    return Naming(ordered | values)


def _belongs_to_editor(name: str, value: Any) -> bool:
    name = _REPEATED.sub("", name)
    return name in _FRONT_END_ONLY or (name in CONTROL_WORDS and value in (*CONTROL_WORDS, None))


def _by_layout(node: EditorNode, spec: NodeSpec, saved: tuple[Any, ...]) -> Naming:
    layout = best_layout(spec, saved)
    values: dict[str, Value] = {}
    for index, place in enumerate(layout):
        if place.role != "value" or not is_widget(place.input):
            continue
        value = saved[index] if index < len(saved) else None
        if value is not None:
            values[place.input.name] = Value(value, (*node.saved_path, index))
    surplus = [value for value in saved[len(layout) :] if value not in (None, "")]
    return Naming(values, surplus=len(surplus))


def _by_sockets(node: EditorNode, saved: tuple[Any, ...]) -> Naming:
    """Name the values of an unknown type by the inputs that the file lists for its widgets, if they come out even.

    Front ends from 1.16 on list an input for every widget, in order; a control follows an input called seed.
    """
    widgets = [slot for slot in node.inputs if slot.widget]
    for controls in (True, False):
        places = _socket_places(widgets, saved, controls)
        if places is not None and len(places) == len(saved):
            return Naming(
                {name: Value(saved[i], (*node.saved_path, i)) for i, name in enumerate(places) if name is not None}
            )
    return Naming({}, unnamed=sum(value is not None for value in saved))


def _socket_places(widgets: list[InputSlot], saved: tuple[Any, ...], controls: bool) -> list[str | None] | None:
    places: list[str | None] = []
    for slot in widgets:
        places.append(slot.widget)
        after = saved[len(places)] if len(places) < len(saved) else None
        if controls and slot.type == "INT" and isinstance(after, str) and after in CONTROL_WORDS:
            places.append(None)
    return places
