"""Files of schemas: the JSON of ComfyUI's `/object_info`, for node types of packs that are not installed here."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphexec.diagnostics.codes import BAD_NODE_CLASS, report
from graphexec.diagnostics.model import Diagnostic
from graphexec.diagnostics.sanitize import shown
from graphexec.errors import UsageError
from graphexec.registry.notation import Malformed, read_hidden, read_inputs, read_outputs
from graphexec.registry.spec import NodeSpec


def read_schema_files(
    paths: Iterable[str | os.PathLike[str]], runnable: Mapping[str, NodeSpec]
) -> tuple[dict[str, NodeSpec], list[Diagnostic]]:
    """Return the interfaces in some files, without functions, by type; of two the first wins. `runnable` are left out.

    A malformed entry is left out with a warning (GX504). Raises UsageError for a file that is no such JSON.
    """
    specs: dict[str, NodeSpec] = {}
    found: list[Diagnostic] = []
    for path in paths:
        name = os.fspath(path)
        for type, entry in _entries(name).items():
            if type in runnable or type in specs:
                continue
            try:
                specs[type] = _spec(type, entry, name)
            except Malformed as reason:
                finding = report(BAD_NODE_CLASS, f"the schema of {shown(type)} is left out: {reason}")
                found.append(replace(finding, file=name))
    return specs, found


def _entries(name: str) -> Mapping[str, Any]:
    try:
        value = json.loads(Path(name).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"the file of schemas {name} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the file of schemas {name} is not JSON: {error}") from None
    if not isinstance(value, dict) or not any(isinstance(entry, dict) and "input" in entry for entry in value.values()):
        raise UsageError(f"{name} holds no schemas of nodes: it is to be what ComfyUI answers to GET /object_info")
    return value


def _spec(type: str, entry: Any, name: str) -> NodeSpec:
    if not isinstance(entry, dict):
        raise Malformed("it is no mapping")
    declared = _ordered(entry.get("input") or {}, entry.get("input_order"))
    return NodeSpec(
        type=type,
        inputs=read_inputs(declared),
        outputs=read_outputs(*(_list(entry, field) for field in ("output", "output_name", "output_is_list"))),
        function=None,
        provider=name,
        hidden=_hidden(declared),
        output_node=bool(entry.get("output_node")),
        display_name=_text(entry, "display_name") or type,
        category=_text(entry, "category"),
        description=_text(entry, "description"),
        deprecated=bool(entry.get("deprecated")),
        experimental=bool(entry.get("experimental")),
    )


def _ordered(declared: Any, order: Any) -> Any:
    """Return the declared inputs in the order that the entry states, where it does."""
    if not isinstance(declared, dict) or not isinstance(order, dict):
        return declared
    result = dict(declared)
    for group, names in order.items():
        entries = declared.get(group)
        if isinstance(entries, dict) and isinstance(names, list):
            first = {key: entries[key] for key in names if isinstance(key, str) and key in entries}
            result[group] = first | entries
    return result


def _hidden(declared: Any) -> tuple[tuple[str, str], ...]:
    """Return the hidden inputs; packs declare all kinds of things here, which matter to nobody but their code."""
    try:
        return read_hidden(declared)
    except Malformed:
        return ()


def _list(entry: Mapping[str, Any], field: str) -> list[Any]:
    value = entry.get(field)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(f"{field!r} is no list")
    return value


def _text(entry: Mapping[str, Any], field: str) -> str:
    value = entry.get(field)
    return value if isinstance(value, str) else ""
