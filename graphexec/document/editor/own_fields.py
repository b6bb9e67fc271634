"""What graphexec itself writes into files of the editor: names of nodes, targets, and the name of the workflow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from graphexec.diagnostics.model import Diagnostic, Path, Place
from graphexec.document.editor.model import EditorGraph, EditorNode, InputSlot
from graphexec.document.editor.schemas import Interfaces
from graphexec.document.model import Target
from graphexec.document.targets import parse_target

NAME_PROPERTY = "graphexec name"
"""The property that holds the name of a node whose name is no number."""

UNSET_PROPERTY = "graphexec unset"
"""The property that lists widgets which show their default because the node had no value for them."""

_FIELD = "graphexec"


def restore_names(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Give nodes the names that they had before they were written for the editor, which numbers them.

    A name that two nodes claim (one may be a copy) is nobody's, nor is one like those of nodes inside others.
    """
    claims = {id: node.properties.get(NAME_PROPERTY) for id, node in graph.nodes.items()}
    names = {id: name for id, name in claims.items() if isinstance(name, str) and name}
    counts = Counter((*names.values(), *(id for id in graph.nodes if id not in names)))
    nested = bool(graph.subgraphs or graph.recipes)
    names = {id: name for id, name in names.items() if counts[name] == 1 and not (nested and ":" in name)}
    if not names:
        return graph

    def renamed(slot: InputSlot) -> InputSlot:
        if slot.origin is None or slot.origin.node not in names:
            return slot
        return replace(slot, origin=replace(slot.origin, node=names[slot.origin.node]))

    return graph.with_nodes(node.map_inputs(renamed).with_(id=names.get(id, id)) for id, node in graph.nodes.items())


def unset(node: EditorNode) -> frozenset[str]:
    """Return the widgets that had no value before the node was written for the editor, where each must have one."""
    names = node.properties.get(UNSET_PROPERTY)
    return frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()


def workflow_fields(
    value: Mapping[str, Any], nodes: Collection[str], path: Path
) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Return name, description and targets of a file, as fields of a Document, and what is wrong with them."""
    extra = value.get("extra")
    own = extra.get(_FIELD) if isinstance(extra, dict) else None
    if not isinstance(own, dict):
        return {}, []
    fields: dict[str, Any] = {key: own[key] for key in ("name", "description") if isinstance(own.get(key), str)}
    targets, found = [], []
    texts = own.get("targets")
    for index, text in enumerate(texts if isinstance(texts, list) else ()):
        place = Place((*path, "extra", _FIELD, "targets", index))
        target = parse_target(str(text), nodes, place)
        if isinstance(target, Target):
            targets.append(target)
        else:
            found.append(target)
    return {**fields, "targets": tuple(targets)}, found
