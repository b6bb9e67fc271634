"""What the author of a workflow recorded about its model files: where to get them, and their hashes.

Files of the editor hold `properties.models` of nodes and `models` at the root; authors also write addresses into notes
and descriptions. Nothing is fetched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from graphexec.document.model import Document

_ADDRESS = re.compile(r"https?://[^\s\"'<>()\[\]{}\\|^`]+")
_FIELDS = ("url", "directory", "hash", "hash_type")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is recorded about a file: an address, the model folder, a hash and its kind."""

    url: str | None = None
    directory: str | None = None
    hash: str | None = None
    hash_type: str | None = None


def recorded_models(document: Document) -> dict[str, Recorded]:
    """Return what is recorded, by file name. What a node says of its models counts more than an address in a text."""
    workflow = document.workflow if isinstance(document.workflow, Mapping) else {}
    found: dict[str, Recorded] = {}
    for entry in _entries(workflow):
        name, given = entry.get("name"), {field: entry.get(field) for field in _FIELDS}
        if isinstance(name, str) and name not in found:
            found[name] = Recorded(**{field: value for field, value in given.items() if isinstance(value, str)})
    for text in (document.source.text, document.description or "", json.dumps(workflow) if workflow else ""):
        for address in _ADDRESS.findall(text):
            address = address.rstrip(".,;:!?")
            name = unquote(urlsplit(address).path.rsplit("/", 1)[-1])
            if name and (known := found.get(name, Recorded())).url is None:
                found[name] = replace(known, url=address)
    return found


def _entries(workflow: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the entries of all lists of models: of the file, and of nodes, in subgraphs too."""
    definitions = workflow.get("definitions")
    inner = definitions.get("subgraphs") if isinstance(definitions, dict) else None
    for graph in (workflow, *(inner if isinstance(inner, list) else ())):
        if not isinstance(graph, Mapping):
            continue
        yield from _models(graph)
        nodes = graph.get("nodes")
        for node in nodes if isinstance(nodes, list) else ():
            properties = node.get("properties") if isinstance(node, dict) else None
            if isinstance(properties, dict):
                yield from _models(properties)


def _models(holder: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    models = holder.get("models")
    yield from (entry for entry in (models if isinstance(models, list) else ()) if isinstance(entry, dict))
