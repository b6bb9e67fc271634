"""Which output types fit which input types."""

from __future__ import annotations

from graphexec.registry.spec import WILDCARD


def fits(output: str, input: str) -> bool:
    """Whether an output of one socket type may feed an input of the other.

    `*` on either side fits everything; comma-separated unions fit when they share a type; all else must be
    equal, letter case included. No conversion is implied: INT does not fit FLOAT.
    """
    if output in (input, WILDCARD) or input == WILDCARD:
        return True
    if "," not in output and "," not in input:
        return False
    ours, theirs = _union(output), _union(input)
    return WILDCARD in ours or WILDCARD in theirs or not ours.isdisjoint(theirs)


def _union(type: str) -> set[str]:
    return {part.strip() for part in type.split(",")}
