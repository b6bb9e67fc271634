"""The `/object_info` form of a node spec: what ComfyUI's server tells its front end about a node."""

from __future__ import annotations

from typing import Any

from graphexec.ports import Files
from graphexec.registry.named_files import complete_sets
from graphexec.registry.spec import InputSpec, NodeSpec


def object_info(spec: NodeSpec, files: Files | None = None) -> dict[str, Any]:
    """Return the entry of one node. With `files`, choices of file inputs are the files that exist."""
    groups: dict[str, dict[str, Any]] = {"required": {}}
    for declared in spec.inputs:
        group = groups.setdefault("required" if declared.required else "optional", {})
        group[declared.name] = _input(declared, files)
    if spec.hidden:
        groups["hidden"] = dict(spec.hidden)
    entry: dict[str, Any] = {
        "input": groups,
        "input_order": {group: list(names) for group, names in groups.items()},
        "output": [o.type for o in spec.outputs],
        "output_is_list": [o.is_list for o in spec.outputs],
        "output_name": [o.name for o in spec.outputs],
        "name": spec.type,
        "display_name": spec.display_name or spec.type,
        "description": spec.description,
        "category": spec.category,
        "output_node": spec.output_node,
    }
    flags = {"deprecated": spec.deprecated, "experimental": spec.experimental}
    return entry | {name: True for name, holds in flags.items() if holds}


def _input(declared: InputSpec, files: Files | None) -> list[Any]:
    options = dict(declared.options)
    fields = {"min": declared.min, "max": declared.max}
    options |= {name: value for name, value in fields.items() if value is not None}
    flags = {"lazy": declared.lazy, "rawLink": declared.raw_link, "forceInput": declared.force_input}
    options |= {name: True for name, holds in flags.items() if holds}
    if declared.has_default:
        options["default"] = declared.default
    if declared.type != "COMBO":
        return [declared.type, options]
    found = (*files.models(declared.folder), *complete_sets(declared, files)) if files and declared.folder else ()
    return [[*found, *declared.choices], options]
