"""The provenance of a file, as it carries it itself: what it was made from and by, without times and paths."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from graphexec.graph.identity import graph_digest
from graphexec.graph.model import Graph
from graphexec.ports import Policy
from graphexec.report.seeds import seeds
from graphexec.report.versions import versions

KEY = "graphexec"
"""The name of the text beside ComfyUI's `prompt` and `workflow`."""

FORMAT = 1
"""Raised when a field changes its meaning or goes away."""


@dataclass(frozen=True)
class Provenance:
    """What the files of one run have in common. `contents` are digests of files by (folder, name).

    The same workflow, files, policy and versions give the same text, whether results were computed or reused.
    """

    graph: Graph
    policy: Policy
    contents: Mapping[tuple[str, str], str]

    def text(self, node: str, content: str | None) -> str:
        """Return compact ASCII JSON about a file of `node`; `content` is the digest of the file without metadata."""
        own = {"node": node, "content": content}
        return json.dumps({**self._shared, **own}, separators=(",", ":"))

    @cached_property
    def _shared(self) -> Mapping[str, Any]:
        return {
            "format": FORMAT,
            "graph": graph_digest(self.graph),
            "policy": asdict(self.policy),
            "seeds": seeds(self.graph),
            "files": {f"{folder}/{name}": digest for (folder, name), digest in sorted(self.contents.items())},
            "versions": versions(),
        }
