"""Files of the editor (litegraph JSON, schema 0.4 and 1): every front-end concept is resolved, one pass each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphexec.diagnostics.model import Diagnostic, Path
from graphexec.document.model import Document, Source

if TYPE_CHECKING:
    from graphexec.document.editor.schemas import Schemas


def is_editor(value: Any) -> bool:
    """Whether a JSON value is what the editor saves: a mapping with a list of nodes."""
    return isinstance(value, dict) and isinstance(value.get("nodes"), list)


def read_editor(
    value: Mapping[str, Any], source: Source, registry: Schemas, path: Path = ()
) -> tuple[Document, list[Diagnostic]]:
    """Return the Document of a value for which `is_editor` holds, and all findings. Never raises.

    `path` leads to the value in the source. Node types that neither can run nor are known keep their links; their
    widget values need a schema, unless the file names them.
    """
    from graphexec.document.editor.lowering import lower  # not needed for other files
    from graphexec.document.editor.passes import resolve
    from graphexec.document.editor.reading import read_graph
    from graphexec.document.editor.schemas import Interfaces

    graph = resolve(read_graph(value, path), Interfaces(registry))
    return lower(graph, source, value, path)
