"""A Document as the Python program that builds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from graphexec.build.python_names import parameter_variables, variables
from graphexec.build.stubs.annotations import default
from graphexec.build.stubs.files import BUILT_IN
from graphexec.build.stubs.functions import OWN, WIDTH
from graphexec.build.stubs.literals import source
from graphexec.build.stubs.modules import function_names
from graphexec.build.stubs.names import field_names, unique
from graphexec.diagnostics.sanitize import shown
from graphexec.document.model import Document, InputValue, Link, NodeDecl, Parameter, ParameterRef, Target, Unreadable
from graphexec.document.writers import NotExpressible
from graphexec.graph.links import find_output
from graphexec.graph.order import depth_first
from graphexec.graph.scope import Interface
from graphexec.registry.spec import NodeSpec
from graphexec.registry.table import Registry

_TYPES = {"INT": "int", "FLOAT": "float", "STRING": "str", "BOOLEAN": "bool"}


def python_text(document: Document, registry: Registry, packs: Sequence[str] = ()) -> str:
    """Return the source of a program whose `wf` is the document; ids, titles and parameters are kept.

    Nodes of `packs`, and those that nobody knows, are added by `wf.node`. Raises NotExpressible for cycles and for
    values that could not be read.
    """
    upstream = {
        id: [v.node for v in decl.inputs.values() if isinstance(v, Link) and v.node in document.nodes]
        for id, decl in document.nodes.items()
    }
    order, cyclic = depth_first(upstream, ())
    if cyclic:
        raise NotExpressible("the nodes feed each other in a circle, and a program makes one after another")
    writer = _Writer(document, registry)
    body = [*writer.parameters(), *(line for id in order for line in writer.node(document.nodes[id]))]
    body += [f"wf.target({writer.target(target)})" for target in document.targets]
    return "\n".join((*_top(document, packs, any("n." in line for line in body)), *_indented(body))) + "\n"


def _top(document: Document, packs: Sequence[str], functions: bool) -> Iterator[str]:
    title = " ".join((document.name or document.source.name).split())
    yield f'"""{_docstring(title)}, as a program: run it, or import `wf`."""'
    yield ""
    yield "from graphexec.build import Workflow"
    if functions:
        yield "from graphexec.build import nodes as n"
    yield ""
    given = [] if document.name is None else [source(document.name)]
    if document.description is not None:
        given.append(f"description={source(document.description)}")
    if packs:
        given.append(f"nodes={source(list(packs))}")
    yield f"with Workflow({', '.join(given)}) as wf:"


def _indented(body: Sequence[str]) -> Iterator[str]:
    yield from (f"    {line}" if line else "" for line in body or ["pass"])
    yield ""
    yield 'if __name__ == "__main__":'
    yield "    for finding in wf.check():"
    yield "        print(finding)"


def _docstring(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', "'")


@dataclass(frozen=True, slots=True)
class _Typed:
    """A node whose function is used: its name, its arguments by input, the fields that it returns."""

    function: str
    spec: NodeSpec
    arguments: Mapping[str, str]
    fields: Sequence[str]


class _Writer:
    def __init__(self, document: Document, registry: Registry) -> None:
        self._document = document
        self._interfaces: dict[str, Interface] = {}
        self._typed: dict[str, _Typed] = {}
        built_in = [s for s in map(registry.get, registry.names()) if s is not None and s.provider == BUILT_IN]
        names = function_names(spec.type for spec in built_in)
        for type in {decl.type for decl in document.nodes.values()}:
            spec = registry.get(type) or registry.known(type)
            if spec is None:
                continue
            self._interfaces[type] = Interface.of(spec)
            if type in names and spec.provider == BUILT_IN:
                arguments = dict(zip((i.name for i in spec.inputs), unique([i.name for i in spec.inputs], OWN)))
                self._typed[type] = _Typed(names[type], spec, arguments, field_names(o.name for o in spec.outputs))
        self._parameters = parameter_variables(document.parameters)
        self._variables = variables(document.nodes.values(), self._interfaces, self._parameters.values())
        self._used = {v.node for decl in document.nodes.values() for v in decl.inputs.values() if isinstance(v, Link)}
        self._used |= {target.node for target in document.targets}

    def parameters(self) -> Iterator[str]:
        """Yield the declarations of the parameters."""
        for name, parameter in self._document.parameters.items():
            yield from _call(f"{self._parameters[name]} = wf.param", list(_declaration(parameter)))

    def node(self, decl: NodeDecl) -> Iterator[str]:
        """Yield the lines that make a node."""
        typed = self._typed.get(decl.type)
        left: dict[str, InputValue] = {}
        if typed is not None and self._callable(typed, decl):
            call, arguments = f"n.{typed.function}", self._arguments(typed, decl, left)
        else:
            call = "wf.node"
            given = {name: value for name, value in decl.inputs.items() if value is not None}
            left = {name: value for name, value in decl.inputs.items() if value is None}
            inputs = ", ".join(f"{source(k)}: {self._value(decl, k, v)}" for k, v in given.items())
            arguments = [source(decl.type), f"{{{inputs}}}"]
        arguments.append(f"name={source(decl.id)}")
        if decl.title is not None:
            arguments.append(f"title={source(decl.title)}")
        start = f"{self._variables[decl.id]} = " if decl.id in self._used else ""
        yield from _call(f"{start}{call}", arguments)
        place = f"wf[{source(decl.id)}]"
        yield from (f"{place}[{source(name)}] = {self._value(decl, name, v)}" for name, v in left.items())
        meta = {key: value for key, value in decl.meta.items() if key != "title"}
        if meta:
            yield f"{place}.meta = {source(meta)}"

    def target(self, target: Target) -> str:
        """Return the node or output that a target means."""
        if target.output is None:
            return f"wf[{source(target.node)}]"
        return self._handle(Link(target.node, target.output))

    def _callable(self, typed: _Typed, decl: NodeDecl) -> bool:
        """Whether the function can be called: it has an argument, or a default, for every required input."""
        return all(
            decl.inputs.get(i.name) is not None or default(i) is not None for i in typed.spec.inputs if i.required
        )

    def _arguments(self, typed: _Typed, decl: NodeDecl, left: dict[str, InputValue]) -> list[str]:
        """Return the arguments of a call, in the order of the spec; `left` gets what it has no argument for."""
        given = []
        for declared in typed.spec.inputs:
            value = decl.inputs.get(declared.name)
            if value is not None:
                given.append(f"{typed.arguments[declared.name]}={self._value(decl, declared.name, value)}")
            elif default(declared) is not None:  # a default that the file does not have
                given.append(f"{typed.arguments[declared.name]}=None")
        left.update((k, v) for k, v in decl.inputs.items() if k not in typed.arguments or v is None)
        return given

    def _value(self, decl: NodeDecl, name: str, value: InputValue) -> str:
        match value:
            case Link():
                return self._handle(value)
            case ParameterRef(parameter):
                return self._parameters.get(parameter) or f"wf.parameter({source(parameter)})"
            case Unreadable():
                raise NotExpressible(f"{shown(decl.id)}: the value of {shown(name)} could not be read")
        return source(value)

    def _handle(self, link: Link) -> str:
        """Return the expression of an output."""
        decl = self._document.nodes.get(link.node)
        if decl is None:
            raise NotExpressible(f"a link leads to node {shown(link.node)}, which does not exist")
        variable, typed = self._variables[decl.id], self._typed.get(decl.type)
        if typed is None or not self._callable(typed, decl):
            return f"{variable}.out({source(link.output)})"
        slot = find_output(self._interfaces[decl.type], link.output)
        if slot is None:  # no such output: `check` says so
            return f"wf[{source(decl.id)}].out({source(link.output)})"
        return variable if len(typed.fields) == 1 else f"{variable}.{typed.fields[slot]}"


def _declaration(parameter: Parameter) -> Iterator[str]:
    yield source(parameter.name)
    if isinstance(parameter.default, Unreadable):
        raise NotExpressible(f"the parameter {shown(parameter.name)} could not be read")
    if parameter.required:
        yield f"type={_TYPES[parameter.type]}"
    else:
        yield source(float(parameter.default or 0) if parameter.type == "FLOAT" else parameter.default)
    for field in ("min", "max", "description"):
        value = getattr(parameter, field)
        if value is not None:
            yield f"{field}={source(value)}"
    if parameter.choices:
        yield f"choices={source(list(parameter.choices))}"


def _call(start: str, arguments: Sequence[str]) -> Iterator[str]:
    """Yield a call on one line where it fits into a block, else with an argument a line."""
    line = f"{start}({', '.join(arguments)})"
    if len(line) <= WIDTH - 4:
        yield line
        return
    yield f"{start}("
    yield from (f"    {argument}," for argument in arguments)
    yield ")"
