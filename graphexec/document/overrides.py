"""Values given for one run in place of the file's: inputs, parameters, seeds, targets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Path, Place, Related
from graphexec.diagnostics.suggest import nearest
from graphexec.document.command_line import CommandLineText
from graphexec.document.input_names import find_input
from graphexec.document.limits import MAX_INTEGER
from graphexec.document.locate import OVERRIDES
from graphexec.document.model import Document, InputValue, Link, NodeDecl, ParameterRef, Target, Unreadable
from graphexec.document.parameters import BadValue, check
from graphexec.document.targets import parse_target
from graphexec.document.values import UNREADABLE, input_value

SEED_INPUTS = frozenset({"seed", "noise_seed"})


def apply(
    document: Document,
    *,
    set: Mapping[str, Any] = MappingProxyType({}),
    params: Mapping[str, Any] = MappingProxyType({}),
    seed: int | None = None,
    targets: Iterable[str | Target] = (),
) -> tuple[Document, list[Diagnostic]]:
    """Return the Document with every parameter replaced by its value and the given values in place, and findings.

    `params` are values of the file's parameters; `seed` replaces every integer that stands in an input `seed` or
    `noise_seed`, those that came from a parameter too; `set` maps `node.input` to a value as an API file would
    write it (a list is a link) and has the last word. `targets` (`node` or `node:slot`) replace those of the file.
    Never raises for what a user may get wrong.
    """
    change = _Change(document)
    change.parameters(params)
    if seed is not None:
        change.seeds(seed)
    for key, value in set.items():
        change.assign(key, value)
    wanted = change.targets(targets)
    return change.result(wanted), change.found


@dataclass(slots=True)
class _Change:
    """The inputs replaced so far, by node."""

    document: Document
    found: list[Diagnostic] = field(default_factory=list)
    inputs: dict[str, dict[str, InputValue]] = field(default_factory=dict)
    places: set[Path] = field(default_factory=set)

    def put(self, node: NodeDecl, name: str, value: InputValue, *, given: bool = True) -> None:
        """Replace one input; `given` says that the value is not the file's."""
        self.inputs.setdefault(node.id, dict(node.inputs))[name] = value
        if given:
            self.places.add(node.input_path(name))

    def parameters(self, params: Mapping[str, Any]) -> None:
        """Give every use of a parameter its value."""
        values = self._values(params)
        for node in self.document.nodes.values():
            for name, value in node.inputs.items():
                if isinstance(value, ParameterRef):
                    if value.name not in values:
                        self.found.append(self._undeclared(value.name, node, name))
                    given = value.name in params and value.name in self.document.parameters
                    self.put(node, name, values.get(value.name, UNREADABLE), given=given)

    def _values(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value of every declared parameter; `Unreadable` where it has none."""
        declared = self.document.parameters
        values: dict[str, Any] = {}
        for name, parameter in declared.items():
            here = Place(parameter.path, "key")
            if name not in params:
                if parameter.required:
                    message = f'the parameter "{name}" has no default and was given no value'
                    hint = f"give it with --param {name}=..."
                    self.found.append(codes.report(codes.MISSING_PARAMETER, message, here, hint=hint))
                values[name] = UNREADABLE if parameter.required else parameter.default
                continue
            value = params[name]
            if isinstance(parameter.default, Unreadable):
                values[name] = UNREADABLE
                continue
            try:
                values[name] = check(parameter, value.of_type(parameter.type) if _is_text(value) else value)
            except BadValue as bad:
                values[name] = UNREADABLE
                self._report(bad.code, f'the parameter "{name}": {bad}', bad.hint, (Related("declared here", here),))
        for name in params:
            if name not in declared:
                known = list(declared)
                meant = nearest(name, known)
                hint = f"did you mean {' or '.join(meant)}?" if meant else _all_of(known)
                self._report(codes.UNKNOWN_PARAMETER, f'the file declares no parameter "{name}"', hint)
        return values

    def _undeclared(self, parameter: str, node: NodeDecl, name: str) -> Diagnostic:
        known = list(self.document.parameters)
        meant = nearest(parameter, known)
        return codes.report(
            codes.UNKNOWN_PARAMETER,
            f'the file declares no parameter "{parameter}"',
            Place((*node.path, "inputs", name, "param")),
            hint=f"did you mean {' or '.join(meant)}?" if meant else _all_of(known),
            node=node.id,
            input=name,
        )

    def seeds(self, seed: int) -> None:
        """Set every seed that is an integer."""
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MAX_INTEGER:
            self._report(codes.BAD_NUMBER, "a seed is an integer from 0 to 2^64-1")
            return
        hits = 0
        for node in self.document.nodes.values():
            inputs = self.inputs.get(node.id, node.inputs)
            for name in SEED_INPUTS & inputs.keys():
                if isinstance(inputs[name], int) and not isinstance(inputs[name], bool):
                    self.put(node, name, seed)
                    hits += 1
        if not hits:
            self._report(codes.BAD_OVERRIDE, "there is no seed to set: no node has an integer in seed or noise_seed")

    def assign(self, key: str, value: Any) -> None:
        """Set one input, named `node.input`."""
        place = find_input(key, self.document)
        if not isinstance(place, tuple):
            self.found += [] if place is None else [replace(place, file=OVERRIDES)]
            return
        node, name = place
        if isinstance(value, (Link, ParameterRef)):
            self.put(node, name, value)
            return
        path = node.input_path(name)
        found: list[Diagnostic] = []
        made = input_value(list(value) if isinstance(value, tuple) else value, node.id, name, path, found)
        self.found += [replace(d, file=OVERRIDES, message=f'the value for "{key}": {d.message}') for d in found]
        self.put(node, name, made)

    def targets(self, wanted: Iterable[str | Target]) -> tuple[Target, ...]:
        """Return the targets to compute: those given, else those of the file."""
        made: list[Target] = []
        given = False
        for item in wanted:
            given = True
            known = self.document.nodes.keys() | self.document.broken if self.document.broken else self.document.nodes
            target = parse_target(item, known) if isinstance(item, str) else item
            if isinstance(target, Target):
                made.append(target)
            else:
                self.found.append(replace(target, file=OVERRIDES))
        return tuple(made) if given else self.document.targets

    def result(self, targets: tuple[Target, ...]) -> Document:
        """Return the Document with all changes."""
        if not self.inputs:
            return replace(self.document, targets=targets)
        nodes = {
            node_id: replace(node, inputs=MappingProxyType(self.inputs[node_id])) if node_id in self.inputs else node
            for node_id, node in self.document.nodes.items()
        }
        overridden = self.document.overridden | self.places
        return replace(self.document, nodes=MappingProxyType(nodes), targets=targets, overridden=overridden)

    def _report(self, code: str, message: str, hint: str | None = None, related: tuple[Related, ...] = ()) -> None:
        self.found.append(replace(codes.report(code, message, hint=hint, related=related), file=OVERRIDES))


def _is_text(value: Any) -> bool:
    return isinstance(value, CommandLineText)


def _all_of(names: list[str]) -> str:
    return "it declares " + ", ".join(names[:10]) if names else "it declares none"
