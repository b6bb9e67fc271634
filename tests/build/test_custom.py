"""Functions made by `@graphexec.node`, called while a workflow is built."""

from typing import Annotated, NamedTuple

import pytest

import graphexec
from graphexec.api import Session
from graphexec.build import Handle, Node, Workflow
from graphexec.errors import UsageError
from graphexec.types import Context, Range


class Split(NamedTuple):
    """Quotient and rest."""

    quotient: int
    rest: int


@graphexec.node
def Divide(x: int, by: Annotated[int, Range(1, 9)] = 3, *, context: Context) -> Split:
    """Divide with rest."""
    return Split(*divmod(x, by))


@graphexec.node(name="Add up")
def Add(a: int, b: int) -> int:
    """Add."""
    return a + b


@graphexec.node
def Tell(x: int) -> None:
    """Show nothing."""


def test_calls_make_nodes_in_the_form_of_their_results():
    with Workflow() as wf:
        parts = Divide(17, by=5)
        total = Add(parts.quotient, b=parts.rest)
        told = Tell(total)
    assert isinstance(parts, Split) and isinstance(total, Handle) and isinstance(told, Node)
    assert list(wf.document.nodes) == ["Divide", "Add up", "Tell"]
    assert wf.check() == []
    with Session(nodes=wf.packs) as session:
        assert session.run(wf.document, targets=["Add up"]).value("Add up") == 5


def test_wrong_calls():
    with Workflow() as wf:
        with pytest.raises(TypeError, match="missing a required argument: 'x'"):
            Divide()
        Tell(Divide(1, by=12).rest)  # out of range
    (found,) = wf.check()
    assert found.code == "GX303" and found.excerpt.strip().endswith("# out of range")

    @graphexec.node
    def Bad(x: "Nobody") -> int:  # noqa: F821
        raise AssertionError

    with Workflow(), pytest.raises(UsageError, match="Nobody"):
        Bad(1)


def test_after_the_block_it_is_a_function_again():
    with Workflow():
        Add(1, 2)
    assert Add(1, 2) == 3
