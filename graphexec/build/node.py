"""A node of a workflow under construction: its inputs can be read and changed by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from graphexec.build.handles import Handle
from graphexec.build.sites import Site, site
from graphexec.diagnostics.model import Path
from graphexec.document.model import InputValue, Link, ParameterRef

if TYPE_CHECKING:
    from graphexec.build.workflow import Workflow

_FIELDS = frozenset(("id", "type", "title", "meta", "workflow"))


class Node:
    """A node. `node.steps = 30` and `node["steps"] = 30` set an input, `del node["steps"]` takes it away.

    `id`, `type`, `title`, `meta` and `workflow` are fields of the node itself; an input of such a name is reached
    in brackets. Links are read as handles.
    """

    __slots__ = ("_inputs", "_path", "_paths", "_site", "_sites", "_type_path", "id", "meta", "title", "type",
                 "workflow")  # fmt: skip

    id: str
    type: str
    title: str | None
    meta: dict[str, Any]
    workflow: Workflow
    _inputs: dict[str, InputValue]
    _site: Site | None
    """Where the node was made; None for one that came from a file."""
    _sites: dict[str, Site]
    """Where inputs were set afterwards."""
    _path: Path
    _paths: dict[str, Path]
    _type_path: Path | None

    def __init__(self, workflow: Workflow, id: str, type: str, made: Site | None) -> None:
        setting = object.__setattr__
        setting(self, "workflow", workflow)
        setting(self, "id", id)
        setting(self, "type", type)
        setting(self, "title", None)
        setting(self, "meta", {})
        setting(self, "_inputs", {})
        setting(self, "_site", made)
        setting(self, "_sites", {})
        setting(self, "_path", ("nodes", id))
        setting(self, "_paths", {})
        setting(self, "_type_path", None)

    def out(self, output: int | str = 0) -> Handle[Any]:
        """Return an output, by index or name, for the input of another node."""
        return Handle(self, output)

    def __getitem__(self, name: str) -> Any:
        """Return the value of an input: a literal, a `Handle` or a `Param`. Raises KeyError when it has none."""
        value = self._inputs[name]
        if isinstance(value, Link):
            return self.workflow[value.node].out(value.output)
        return self.workflow.parameter(value.name) if isinstance(value, ParameterRef) else value

    def __setitem__(self, name: str, value: Any) -> None:
        self._set(name, value, site(1))

    def __delitem__(self, name: str) -> None:
        del self._inputs[name]
        self._sites.pop(name, None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") and name not in self._inputs:
            raise AttributeError(name)
        if name not in self._inputs:
            raise AttributeError(f"node {self.id} ({self.type}) has no value for an input {name!r}")
        return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("id", "type", "workflow"):
            raise AttributeError(f'{name} of a node is fixed; an input of that name is set as node["{name}"]')
        if name in _FIELDS or name.startswith("_"):
            object.__setattr__(self, name, value)
        else:
            self._set(name, value, site(1))

    def __contains__(self, name: str) -> bool:
        return name in self._inputs

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the inputs that have a value."""
        return iter(tuple(self._inputs))

    def __repr__(self) -> str:
        return f"<node {self.id} ({self.type})>"

    def _set(self, name: str, value: Any, where: Site) -> None:
        from graphexec.build.recording import recorded

        found = self.workflow._findings
        found[:] = [finding for finding in found if (finding.node, finding.input) != (self.id, name)]
        self._sites[name] = where
        self._inputs[name] = recorded(self.workflow, self, name, value, found)
