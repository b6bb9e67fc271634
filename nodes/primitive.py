"""Nodes that hold one plain value."""

from __future__ import annotations

from graphexec.registry.authoring import Boolean, Context, Float, Int, NodeTable, Output, String

NODES = NodeTable("utils/primitive")
LARGEST = 2**63 - 1


@NODES.node(
    "PrimitiveString",
    display_name="String",
    inputs=(String("value", multiline=False),),
    outputs=(Output("STRING"),),
)
def primitive_string(context: Context, value: str) -> tuple[str]:
    """Give a text."""
    return (value,)


@NODES.node(
    "PrimitiveStringMultiline",
    display_name="String (Multiline)",
    inputs=(String("value", multiline=True),),
    outputs=(Output("STRING"),),
)
def primitive_string_multiline(context: Context, value: str) -> tuple[str]:
    """Give a text of several lines."""
    return (value,)


@NODES.node(
    "PrimitiveInt",
    display_name="Int",
    inputs=(Int("value", min=-LARGEST, max=LARGEST, control_after_generate=True),),
    outputs=(Output("INT"),),
)
def primitive_int(context: Context, value: int) -> tuple[int]:
    """Give a whole number."""
    return (value,)


@NODES.node(
    "PrimitiveFloat",
    display_name="Float",
    inputs=(Float("value", min=-LARGEST, max=LARGEST),),
    outputs=(Output("FLOAT"),),
)
def primitive_float(context: Context, value: float) -> tuple[float]:
    """Give a number."""
    return (value,)


@NODES.node(
    "PrimitiveBoolean",
    display_name="Boolean",
    inputs=(Boolean("value"),),
    outputs=(Output("BOOLEAN"),),
)
def primitive_boolean(context: Context, value: bool) -> tuple[bool]:
    """Give true or false."""
    return (value,)
