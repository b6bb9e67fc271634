"""JSON of the editor, schema 0.4 and 1, to an EditorGraph: what is malformed is reported and left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphexec.diagnostics.model import Path
from graphexec.document.editor.definitions import read_recipes, read_subgraphs
from graphexec.document.editor.fields import Findings, index_of, key_text, mapping, type_name
from graphexec.document.editor.model import Broadcasted, EditorGraph, Origin
from graphexec.document.editor.nodes import read_contents

_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})")
_EVERY_WIDGET_SINCE = (1, 16)


def read_graph(value: Mapping[str, Any], path: Path = ()) -> EditorGraph:
    """Return the graph of a value for which `is_editor` holds; `path` leads to it in the file. Never raises."""
    found = Findings()
    contents = read_contents(value, path, found)
    extra = mapping(value.get("extra"), (*path, "extra"), found)
    definitions = mapping(value.get("definitions"), (*path, "definitions"), found)
    return EditorGraph(
        nodes={node.id: node for node in contents.nodes},
        frames=contents.frames,
        subgraphs=read_subgraphs(definitions, (*path, "definitions"), found),
        recipes=read_recipes(extra.get("groupNodes"), (*path, "extra", "groupNodes"), found),
        broadcasted=tuple(_broadcasted(extra.get("ue_links"))),
        lists_every_widget=_lists_every_widget(value, extra),
        broken=contents.broken,
        findings=tuple(found),
    )


def _lists_every_widget(value: Mapping[str, Any], extra: Mapping[str, Any]) -> bool:
    """Whether the front end that saved the file lists an input for every widget: it says so, or signs itself."""
    version = _VERSION.match(str(extra.get("frontendVersion") or ""))
    return bool(version and (int(version[1]), int(version[2])) >= _EVERY_WIDGET_SINCE) or "definitions" in value


def _broadcasted(value: Any) -> Iterator[Broadcasted]:
    """Yield what Use Everywhere recorded, which it can work out again: malformed entries are no mistake."""
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, dict):
            continue
        target, origin = key_text(item.get("downstream")), key_text(item.get("upstream"))
        slots = index_of(item.get("downstream_slot")), index_of(item.get("upstream_slot"))
        if target is not None and origin is not None and slots[0] is not None and slots[1] is not None:
            yield Broadcasted(target, slots[0], Origin(origin, slots[1], type_name(item.get("type"))))
