"""What type checkers are told about inputs and outputs, and the names that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from graphexec.build.stubs.literals import source
from graphexec.build.stubs.names import camel
from graphexec.registry.spec import PRIMITIVES, WILDCARD, InputSpec, OutputSpec

_INPUTS = {"INT": "IntInput", "FLOAT": "FloatInput", "STRING": "StringInput", "BOOLEAN": "BooleanInput"}
_LITERALS: dict[str, tuple[type, ...]] = {
    "INT": (int,), "FLOAT": (int, float), "STRING": (str,), "BOOLEAN": (bool,),
}  # fmt: skip
_INLINE = 60
"""Characters up to which choices stand in the signature; longer lists get a name."""


@dataclass(slots=True)
class Annotations:
    """The names that one module needs: imports, aliases of socket types, and named lists of choices.

    `taken` are the names of its functions and classes.
    """

    taken: frozenset[str]
    imports: set[tuple[str, str]] = field(default_factory=set)
    sockets: set[str] = field(default_factory=set)
    choices: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def input(self, spec: InputSpec) -> str:
        """Return the annotation of an input, without None for optional ones."""
        if spec.folder is not None:
            return self._own("FileInput")
        parts = [part.strip() for part in spec.type.split(",")]
        if WILDCARD in parts or not (spec.is_primitive or not spec.has_default):
            return self._own("AnyInput")
        sockets = [part for part in parts if part not in PRIMITIVES]
        texts = [text for part in parts if part in PRIMITIVES for text in self._primitive(part, spec)]
        return " | ".join([*texts, *([self.handle(sockets)] if sockets else [])])

    def output(self, spec: OutputSpec, *, short: bool = True) -> str:
        """Return the type of an output. One of several types, or of any, fits every input.

        `short` allows an alias: not in a named tuple, whose field of the same name would hide it.
        """
        parts = [part.strip() for part in spec.type.split(",")]
        return self.handle([] if len(parts) > 1 or WILDCARD in parts else parts, short=short)

    def handle(self, types: list[str], *, short: bool = True) -> str:
        """Return the type of handles of some socket types; of none, that of handles of any type."""
        self.imports.add(("graphexec.build.handles", "Handle"))
        if not types:
            self.imports.add(("typing", "Any"))
            return "Handle[Any]"
        self.imports.add(("typing", "Literal"))
        if short and len(types) == 1 and types[0].isidentifier() and types[0].isupper() and types[0] not in self.taken:
            self.imports.add(("typing", "TypeAlias"))
            self.sockets.add(types[0])
            return types[0]
        return f"Handle[Literal[{', '.join(map(source, types))}]]"

    def aliases(self) -> Iterator[str]:
        """Yield the definitions that the annotations refer to."""
        yield from (f'{name}: TypeAlias = Handle[Literal["{name}"]]' for name in sorted(self.sockets))
        for values, name in sorted(self.choices.items(), key=lambda item: item[1]):
            yield f"{name}: TypeAlias = Literal["
            yield from (f"    {source(value)}," for value in values)
            yield "]"

    def _primitive(self, kind: str, spec: InputSpec) -> Iterator[str]:
        if kind != "COMBO":
            yield self._own(_INPUTS[kind])
            return
        yield self._choice(spec)
        yield self._own("ChoiceInput")

    def _choice(self, spec: InputSpec) -> str:
        values = _listed(spec)
        if not values:
            self.imports.add(("typing", "Any"))
            return "str | float | list[Any]"
        self.imports.add(("typing", "Literal"))
        text = f"Literal[{', '.join(map(source, values))}]"
        if len(text) <= _INLINE:
            return text
        self.imports.add(("typing", "TypeAlias"))
        if values not in self.choices:
            self.choices[values] = self._free(camel(spec.name))
        return self.choices[values]

    def _free(self, stem: str) -> str:
        used = {
            *self.taken,
            *self.sockets,
            *self.choices.values(),
            *(name for _, name in self.imports),
            *_INPUTS.values(),
        }
        return next(name for name in (stem, *(f"{stem}{n}" for n in range(2, 1000))) if name not in used)

    def _own(self, name: str) -> str:
        self.imports.add(("graphexec.build.sockets", name))
        return name


def default(spec: InputSpec) -> str | None:
    """Return the source of an input's default; None where it has none, or one that it would not take.

    A required list of choices without a default has its first one, which is what ComfyUI's editor shows.
    """
    if spec.folder is not None:
        return None
    if not spec.has_default or spec.default is None:
        first = _listed(spec)[:1] if spec.type == "COMBO" and spec.required else ()
        return source(first[0]) if first else None
    if not spec.is_primitive:
        return source(spec.default)
    kinds = [part.strip() for part in spec.type.split(",")]
    takes = any(type(spec.default) in _LITERALS.get(kind, ()) for kind in kinds)
    return source(spec.default) if takes or ("COMBO" in kinds and spec.default in spec.choices) else None


def _listed(spec: InputSpec) -> tuple[Any, ...]:
    """Return the choices of an input, none where it takes others too or several at once."""
    if spec.unchecked or spec.options.get("multi_select") or not all(type(c) in (str, int, bool) for c in spec.choices):
        return ()
    return tuple(dict.fromkeys(spec.choices))
