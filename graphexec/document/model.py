"""The one form that every workflow file is read into: nodes with literals and links, targets, parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from graphexec.diagnostics.model import Diagnostic, Path


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a workflow and the name to show for it. `directory` resolves relative names in it.

    `findings` were made before the text was read: out of a picture, or while a program built the workflow. `partial` is
    that of the Document. `locator` finds what does not stand in the text: values that a Python program gave.
    """

    name: str
    text: str
    format: Literal["json", "yaml"]
    directory: str | None = None
    findings: tuple[Diagnostic, ...] = ()
    partial: bool = False
    locator: Callable[[Diagnostic], Diagnostic] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to an output of another node: by index as API files have it, or by name as YAML has it."""

    node: str
    output: int | str


@dataclass(frozen=True, slots=True)
class ParameterRef:
    """A use of a parameter of the file; `overrides.apply` replaces it by the parameter's value."""

    name: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An input whose value is malformed and already reported: it is there, but checks pass over it in silence."""


Literal_: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, or a list or dict of these. Never a Link, ParameterRef or Unreadable."""

InputValue: TypeAlias = "Link | ParameterRef | Unreadable | Literal_"


NOTHING: Mapping[str, Any] = MappingProxyType({})
"""One empty mapping for all nodes: large workflows have a million."""


@dataclass(frozen=True, slots=True)
class NodeDecl:
    """A node as the file declares it. `path` leads to the node in the source, for diagnostics.

    `input_paths` and `type_path` are where inputs and type stand if not at `inputs` and `class_type` of the node.
    `meta["graphexec"]` holds graphexec's own settings of the node, whatever the format; `settings_path` is where they
    stand if not there.
    """

    id: str
    type: str
    inputs: Mapping[str, InputValue]
    path: Path
    title: str | None = None
    meta: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    input_paths: Mapping[str, Path] = field(default_factory=lambda: NOTHING)
    type_path: Path | None = None
    settings_path: Path | None = None

    @property
    def settings(self) -> Any:
        """graphexec's own settings as the file has them: a mapping, or whatever else stands there."""
        return self.meta.get("graphexec") if self.meta else None

    def setting_path(self, name: str) -> Path:
        """Where a setting of graphexec stands in the source."""
        return (*(self.settings_path or (*self.path, "_meta", "graphexec")), name)

    def input_path(self, name: str) -> Path:
        """Where the value of an input stands, or would stand, in the source."""
        return self.input_paths.get(name, (*self.path, "inputs", name))


@dataclass(frozen=True, slots=True)
class Parameter:
    """A typed value that a file leaves open: `--param name=value` sets it, else `default` holds.

    A `default` of `Unreadable` stands for a declaration that is malformed and already reported.
    """

    name: str
    type: Literal["INT", "FLOAT", "STRING", "BOOLEAN"]
    default: int | float | str | bool | Unreadable | None
    path: Path
    required: bool = False
    min: float | int | None = None
    max: float | int | None = None
    choices: tuple[int | float | str, ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What to compute: a node, or one output of it. Written `node` or `node:slot` (slot: index or name)."""

    node: str
    output: int | str | None = None
    path: Path = ()


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Document:
    """A workflow. Immutable; the order of `nodes` is that of the file.

    `prompt` and `workflow` are the JSON values that a picture carries as metadata: the API prompt, and what the
    editor saved (None when the file has none). An empty `targets` means: every output node.
    `broken` are the ids of nodes that the file has but that could not be read (already reported), so that a link
    to one of them is no second mistake. `overridden` are the places whose values `overrides.apply` replaced.
    With `partial`, outputs that lack a link are skipped while others are left, as ComfyUI does with what its editor
    sends; and what no output needs is not held against the file.
    """

    source: Source
    nodes: Mapping[str, NodeDecl]
    targets: tuple[Target, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=lambda: MappingProxyType({}))
    workflow: Any = None
    name: str | None = None
    description: str | None = None
    broken: frozenset[str] = frozenset()
    overridden: frozenset[Path] = frozenset()
    partial: bool = False

    def with_nodes(self, nodes: Mapping[str, NodeDecl]) -> Document:
        """Return a copy with other nodes."""
        return replace(self, nodes=nodes)
