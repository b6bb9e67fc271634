"""Workflows as Python programs: `Workflow` and the typed functions of `nodes`. Importing it imports no torch."""

from __future__ import annotations

from graphexec.build.handles import Handle, Param
from graphexec.build.node import Node
from graphexec.build.rendering import Rendering
from graphexec.build.workflow import Workflow

__all__ = ["Handle", "Node", "Param", "Rendering", "Workflow"]
