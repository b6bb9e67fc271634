"""The graph that was built last, for whoever runs one Document again and again."""

from __future__ import annotations

import weakref

from graphexec.document.model import Document
from graphexec.errors import NodeError
from graphexec.graph.model import Graph
from graphexec.ports import Files
from graphexec.registry.named_files import named_files
from graphexec.registry.spec import InputSpec


class LastGraph:
    """Remembers one graph for as long as somebody holds its Document. A race between threads costs a build."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._kept: tuple[weakref.ref[Document], Graph, tuple[tuple[str, str], ...]] | None = None

    def of(self, document: Document) -> Graph | None:
        """Return the graph of this very Document, None when it is not there or a file that it names is gone."""
        kept = self._kept
        if kept is None or kept[0]() is not document or not all(self._is_there(*file) for file in kept[2]):
            return None
        return kept[1]

    def keep(self, document: Document, graph: Graph) -> None:
        """Remember a graph. One with nodes that validate their own inputs is not: they may look at anything."""
        if not any(node.spec.validate for node in graph.nodes.values()):
            self._kept = weakref.ref(document, self._forget), graph, _named(graph, self._files)

    def clear(self) -> None:
        """Forget the graph."""
        self._kept = None

    def _forget(self, document: weakref.ref[Document]) -> None:
        if self._kept is not None and self._kept[0] is document:
            self._kept = None

    def _is_there(self, folder: str, name: str) -> bool:
        try:
            self._files.input(name) if folder == "input" else self._files.model(folder, name)
        except NodeError:
            return False
        return True


def _named(graph: Graph, files: Files) -> tuple[tuple[str, str], ...]:
    """Return (folder, name) of each file that the nodes of a graph name."""
    by_type: dict[str, list[InputSpec]] = {}
    found: dict[tuple[str, str], None] = {}
    for node in graph.nodes.values():
        if node.spec.type not in by_type:
            by_type[node.spec.type] = [declared for declared in node.spec.inputs if declared.folder is not None]
        for declared in by_type[node.spec.type]:
            value = node.params.get(declared.name)
            if isinstance(value, str):
                found |= dict.fromkeys(named_files(declared, value, files))
    return tuple(found)
