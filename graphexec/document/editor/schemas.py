"""What the passes ask of a registry: the interface of a node type, and which of its inputs are widgets."""

from __future__ import annotations

from typing import Protocol

from graphexec.registry.spec import WILDCARD, InputSpec, NodeSpec

__all__ = ["BUILT_IN", "WILDCARD", "InputSpec", "Interfaces", "NodeSpec", "Schemas", "is_widget"]

BUILT_IN = "built-in"
"""The provider of graphexec's own nodes."""

_WIDGET_TYPES = frozenset(
    {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "MARKDOWN", "TEXTAREA", "COLOR", "CHART", "GALLERIA", "WEBCAM"}
    | {"IMAGEUPLOAD", "FILEUPLOAD", "IMAGECOMPARE", "TREESELECT", "MULTISELECT", "SELECTBUTTON", "AUDIO_RECORD"}
    | {"LOAD_3D", "LOAD_3D_ANIMATION"}
)


class Schemas(Protocol):
    """The part of a registry that the editor's files need."""

    def get(self, type: str) -> NodeSpec | None:
        """Return the spec of a node type that can run, or None."""

    def known(self, type: str) -> NodeSpec | None:
        """Return the interface of a node type that is known but cannot run, or None."""


class Interfaces:
    """The interfaces of node types, each looked up once."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._found: dict[str, NodeSpec | None] = {}

    def find(self, type: str) -> NodeSpec | None:
        """Return the interface of a node type, whether it can run or not; None when nobody knows it."""
        if type not in self._found:
            self._found[type] = self._schemas.get(type) or self._schemas.known(type)
        return self._found[type]

    def foreign(self, type: str) -> bool:
        """Whether somebody other than graphexec provides the type: a pack, or schemas that the user gave.

        Nodes that only work in the editor are resolved here, unless a pack wants to see them.
        """
        spec = self.find(type)
        return spec is not None and spec.provider != BUILT_IN


def is_widget(declared: InputSpec) -> bool:
    """Whether the editor draws a widget for this input, so that files hold a value for it."""
    if declared.force_input or (not declared.required and declared.options.get("defaultInput")):
        return False
    return declared.options.get("widgetType", declared.type) in _WIDGET_TYPES
