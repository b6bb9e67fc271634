"""Python source made from node specs: a typed function for each node type."""

from __future__ import annotations
