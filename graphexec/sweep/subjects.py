"""What the name of an axis addresses: a parameter of the file, every seed, or an input of a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Path
from graphexec.diagnostics.suggest import nearest
from graphexec.document.command_line import CommandLineText, typed_value
from graphexec.document.input_names import find_input
from graphexec.document.limits import MAX_INTEGER
from graphexec.document.model import Document, Link, Parameter, ParameterRef
from graphexec.document.overrides import SEED_INPUTS
from graphexec.document.parameters import BadValue, check
from graphexec.sweep.axes import Axis, Given

SEED = "seed"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a name addresses; `paths` lead to all the inputs that it sets."""

    name: str
    kind: Literal["parameter", "seed", "input"]
    paths: frozenset[Path]
    parameter: Parameter | None = None

    def value(self, given: Given) -> Any:
        """Return the value that a run gets. Raises BadValue for one that a parameter or seed does not take."""
        value, untyped = given.value, isinstance(given.value, CommandLineText)
        if self.parameter is not None:
            return check(self.parameter, value.of_type(self.parameter.type) if untyped else value)
        value = typed_value(str(value)) if untyped else value
        if self.kind == "seed" and (isinstance(value, bool) or not isinstance(value, int)):
            raise BadValue(codes.WRONG_KIND, "a seed is an integer")
        if self.kind == "seed" and not 0 <= value <= MAX_INTEGER:
            raise BadValue(codes.BAD_NUMBER, "a seed is an integer from 0 to 2^64-1")
        return list(value) if isinstance(value, tuple) else value


def subjects(
    document: Document, axes: Sequence[Axis], given: Mapping[str, str]
) -> tuple[dict[str, Subject], list[Diagnostic]]:
    """Return what every name of the axes addresses, and a finding for each that addresses nothing or what another does.

    `given` are names that have one value in all cells, and what gives it.
    """
    found: list[Diagnostic] = []
    made: dict[str, Subject] = {}
    owners: dict[Path, str] = {}
    for name, giver in given.items():
        fixed = _subject(name, document)
        if isinstance(fixed, Subject):
            owners |= dict.fromkeys(fixed.paths, f'{giver} gives "{name}"')
    for axis in axes:
        for name, origin in zip(axis.names, axis.origins, strict=True):
            subject = _subject(name, document)
            if not isinstance(subject, Subject):
                found.append(origin.found(subject))
                continue
            other = next((owners[path] for path in subject.paths if path in owners), None)
            if name in made or other is not None:
                clash = f'{other}, which sets an input that "{name}" sets'
                message = f'"{name}" is given twice' if name in made else clash
                found.append(origin.report(codes.AXES_OVERLAP, message))
            made[name] = subject
            owners |= dict.fromkeys(subject.paths, f'there is an axis "{name}"')
    return made, found


def _subject(name: str, document: Document) -> Subject | Diagnostic:
    if name in document.parameters:
        uses = (
            node.input_path(input)
            for node in document.nodes.values()
            for input, value in node.inputs.items()
            if isinstance(value, ParameterRef) and value.name == name
        )
        return Subject(name, "parameter", frozenset(uses), document.parameters[name])
    if name == SEED:
        seeds = (
            node.input_path(input)
            for node in document.nodes.values()
            for input in SEED_INPUTS & node.inputs.keys()
            if not isinstance(node.inputs[input], Link)
        )
        if paths := frozenset(seeds):
            return Subject(name, "seed", paths)
        message = "there is no seed to set: no node has an integer in seed or noise_seed"
        return codes.report(codes.AXIS_NAMES_NOTHING, message)
    place = find_input(name, document)
    if isinstance(place, tuple):
        return Subject(name, "input", frozenset({place[0].input_path(place[1])}))
    if place is None:
        return codes.report(codes.AXIS_NAMES_NOTHING, f'"{name}" is of a node that cannot be read')
    meant = nearest(name, [*document.parameters, SEED])
    hint = f"did you mean {' or '.join(meant)}?" if meant else place.hint
    return replace(place, code=codes.AXIS_NAMES_NOTHING, message=f"{place.message}, nor a parameter", hint=hint)
