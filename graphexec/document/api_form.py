"""API-format files ("prompts") to a Document: one mapping of node ids to nodes."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Path, Place
from graphexec.diagnostics.suggest import nearest
from graphexec.document.model import Document, NodeDecl, Source, Target
from graphexec.document.shapes import Shape
from graphexec.document.targets import unknown_target
from graphexec.document.values import input_value, kind_of


def read_api(shape: Shape, source: Source) -> tuple[Document, list[Diagnostic]]:
    """Return the Document of an API-format file and all that is wrong with its nodes."""
    found: list[Diagnostic] = []
    nodes: dict[str, NodeDecl] = {}
    broken: set[str] = set()
    for node_id, value in shape.value.items():
        node = _node(node_id, value, (*shape.path, node_id), found)
        if node is None:
            broken.add(node_id)
        else:
            nodes[node_id] = node
    targets = _targets(shape, shape.value, found)
    document = Document(source, MappingProxyType(nodes), targets, workflow=shape.workflow, broken=frozenset(broken))
    return document, found


def _node(node_id: str, value: Any, path: Path, found: list[Diagnostic]) -> NodeDecl | None:
    """Return the node, or None if it has no type or no inputs (an empty mapping will do)."""
    if type(value) is not dict:
        found.append(_bad(f'node "{node_id}" is {kind_of(value)}, not a mapping', path, node_id))
        return None
    kind = value.get("class_type")
    if type(kind) is not str or not kind:
        found.append(_bad_field(value, "class_type", "a text", node_id, path))
        return None
    given = value.get("inputs")
    if type(given) is not dict:
        found.append(_bad_field(value, "inputs", "a mapping", node_id, path))
        return None
    base = (*path, "inputs")
    inputs = {
        name: raw if type(raw) is str else input_value(raw, node_id, name, (*base, name), found)
        for name, raw in given.items()
    }
    meta = value.get("_meta")
    if type(meta) is not dict:
        return NodeDecl(node_id, kind, MappingProxyType(inputs), path)
    title = meta.get("title")
    return NodeDecl(
        node_id, kind, MappingProxyType(inputs), path, title if type(title) is str else None, MappingProxyType(meta)
    )


def _bad_field(value: dict[str, Any], field: str, wanted: str, node_id: str, path: Path) -> Diagnostic:
    """Report that a node lacks a field or that the field is of a wrong kind."""
    if field in value:
        what = "empty" if value[field] == "" else kind_of(value[field])
        return _bad(f'"{field}" of node "{node_id}" is {what}, not {wanted}', (*path, field), node_id)
    meant = nearest(field, value, limit=1)
    hint = f'did you mean "{field}" where it says "{meant[0]}"?' if meant else None
    if not meant and field == "inputs":
        hint = 'a node without inputs has "inputs": {}'
    message = f'node "{node_id}" has no "{field}"'
    return codes.report(codes.BAD_NODE, message, Place(path, "key"), hint=hint, node=node_id)


def _bad(message: str, path: Path, node_id: str) -> Diagnostic:
    return codes.report(codes.BAD_NODE, message, Place(path), node=node_id)


def _targets(shape: Shape, known: Iterable[str], found: list[Diagnostic]) -> tuple[Target, ...]:
    """Return the targets of a request body (`partial_execution_targets`: ids of output nodes)."""
    if shape.targets is None:
        return ()
    if not isinstance(shape.targets, list):
        message = f"targets are a list of node ids, not {kind_of(shape.targets)}"
        found.append(codes.report(codes.BAD_FIELD, message, Place(shape.targets_path)))
        return ()
    if not shape.targets:
        message = "the list of targets is empty, so nothing would run"
        found.append(codes.report(codes.NO_OUTPUT, message, Place(shape.targets_path), hint="leave it out to run all"))
    targets: list[Target] = []
    ids = dict.fromkeys(known)
    for index, item in enumerate(shape.targets):
        path = (*shape.targets_path, index)
        if not isinstance(item, str):
            message = f"a target is the id of a node, a text, not {kind_of(item)}"
            found.append(codes.report(codes.BAD_FIELD, message, Place(path)))
        elif item not in ids:
            found.append(unknown_target(item, ids, Place(path)))
        else:
            targets.append(Target(item, None, path))
    return tuple(targets)
