"""The catalogue: the interfaces of ComfyUI's core nodes as data, for nodes that graphexec does not implement."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from graphexec.registry.notation import read_hidden, read_inputs, read_outputs
from graphexec.registry.spec import NodeSpec

PROVIDER = "ComfyUI core"


def known(type: str) -> NodeSpec | None:
    """Return the interface of a core node, without a function, or None for a type that is no core node."""
    entry = _entries().get(type)
    return None if entry is None else _spec(type, entry)


def names() -> tuple[str, ...]:
    """Return the types of all core nodes, sorted."""
    return tuple(sorted(_entries()))


@cache
def _entries() -> dict[str, Any]:
    text = files("graphexec.registry").joinpath("catalogue.json").read_text(encoding="utf-8")
    entries: dict[str, Any] = json.loads(text)
    return entries


def _spec(type: str, entry: Mapping[str, Any]) -> NodeSpec:
    return NodeSpec(
        type=type,
        inputs=read_inputs(entry.get("in", {})),
        outputs=read_outputs(entry.get("out", ()), entry.get("names", ()), entry.get("lists", ())),
        function=None,
        provider=PROVIDER,
        hidden=read_hidden(entry.get("in", {})),
        output_node=bool(entry.get("output")),
        display_name=entry.get("title", type),
        category=entry.get("menu", ""),
    )
