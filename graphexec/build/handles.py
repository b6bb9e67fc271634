"""What inputs of nodes are given besides plain values: outputs of other nodes, and parameters of the workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from graphexec.build.node import Node

T_co = TypeVar("T_co", covariant=True)
"""The socket types that a value may have, as a `Literal` of their names; Any fits everything."""


class Handle(Generic[T_co]):
    """An output of a node: `Handle[Literal["MODEL"]]` is what inputs of type MODEL take.

    `slot` is its index or name in the node; `type` the socket type, "*" where nothing is known.
    """

    __slots__ = ("node", "slot", "type")

    def __init__(self, node: Node, slot: int | str, type: str = "*") -> None:
        self.node = node
        self.slot = slot
        self.type = type

    def __repr__(self) -> str:
        return f"<{self.type}: output {self.slot} of {self.node.id}>"

    if TYPE_CHECKING:

        @property
        def _fits(self) -> T_co: ...


class Param(Generic[T_co]):
    """A parameter of the workflow, in place of a value: `wf.param("steps", 20)`."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: Any, name: str) -> None:
        self.owner = owner
        self.name = name

    def __repr__(self) -> str:
        return f"<parameter {self.name}>"

    if TYPE_CHECKING:

        @property
        def _fits(self) -> T_co: ...
