"""A workflow under construction: what `with Workflow() as wf:` builds, or what a file holds, to be edited."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import Token
from dataclasses import replace
from fnmatch import fnmatchcase
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from graphexec.build.current import CURRENT
from graphexec.build.handles import Handle, Param
from graphexec.build.node import Node
from graphexec.build.runnable import PathLike, Runnable
from graphexec.build.sites import Site, at, site
from graphexec.diagnostics.model import Diagnostic
from graphexec.document.model import Document, NodeDecl, Parameter, Source, Target
from graphexec.errors import UsageError
from graphexec.registry.functions import RECORDER, NodeFunction, Recorder

if TYPE_CHECKING:
    from graphexec.registry.loading import Pack

Primitive = type[bool] | type[int] | type[float] | type[str]
_KINDS: dict[type, Literal["INT", "FLOAT", "STRING", "BOOLEAN"]] = {
    bool: "BOOLEAN", int: "INT", float: "FLOAT", str: "STRING",
}  # fmt: skip


class Workflow(Runnable):
    """Nodes, parameters and targets; inside `with`, the functions of `graphexec.build.nodes` add to it.

    `nodes` are packs as for `Session`. A Workflow belongs to one thread while it is being built; afterwards several
    may run it.
    """

    def __init__(self, name: str | None = None, *, description: str | None = None, nodes: Iterable[Pack] = ()) -> None:
        super().__init__(tuple(nodes))
        self.name = name
        self.description = description
        self._site = site(1)
        self._nodes: dict[str, Node] = {}
        self._counts: dict[str, int] = {}
        self._parameters: dict[str, Parameter] = {}
        self._sites: dict[str, Site] = {}
        self._targets: list[Target] = []
        self._findings: list[Diagnostic] = []
        self._base = Document(Source("<python>", "", "yaml"), {})
        self._tokens: list[tuple[Token[Workflow | None], Token[Recorder | None]]] = []

    @classmethod
    def from_file(cls, workflow: PathLike | Mapping[str, Any], *, nodes: Iterable[Pack] = ()) -> Workflow:
        """Read a workflow in any format, to be edited and extended. Raises InvalidWorkflow."""
        from graphexec.build.opening import open_document

        opened = cls(nodes=nodes)
        document = open_document(workflow, opened.packs)
        opened.name, opened.description = document.name, document.description
        opened._base = document
        opened._findings = list(document.source.findings)
        opened._parameters = dict(document.parameters)
        opened._targets = list(document.targets)
        for decl in document.nodes.values():
            opened._nodes[decl.id] = _node(opened, decl)
        return opened

    def __enter__(self) -> Self:
        self._tokens.append((CURRENT.set(self), RECORDER.set(self)))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        current, recorder = self._tokens.pop()
        RECORDER.reset(recorder)
        CURRENT.reset(current)

    @overload
    def param(  # type: ignore[overload-overlap]  # bool is a subclass of int to checkers, but not here
        self, name: str, default: bool, /, *, description: str | None = None
    ) -> Param[Literal["BOOLEAN"]]: ...
    @overload
    def param(
        self, name: str, default: int, /, *, min: int | None = None, max: int | None = None,
        choices: Sequence[int] = (), description: str | None = None,
    ) -> Param[Literal["INT"]]: ...  # fmt: skip
    @overload
    def param(
        self, name: str, default: float, /, *, min: float | None = None, max: float | None = None,
        choices: Sequence[float] = (), description: str | None = None,
    ) -> Param[Literal["FLOAT"]]: ...  # fmt: skip
    @overload
    def param(
        self, name: str, default: str, /, *, choices: Sequence[str] = (), description: str | None = None
    ) -> Param[Literal["STRING"]]: ...
    @overload
    def param(
        self, name: str, /, *, type: Primitive, min: float | None = None, max: float | None = None,
        choices: Sequence[int | float | str] = (), description: str | None = None,
    ) -> Param[Any]: ...  # fmt: skip

    def param(
        self, name: str, default: Any = None, /, *, type: Primitive | None = None, min: float | None = None,
        max: float | None = None, choices: Sequence[int | float | str] = (), description: str | None = None,
    ) -> Param[Any]:  # fmt: skip
        """Declare a value that is left open: `--param NAME=VALUE` or `run(params=...)` set it, else `default` holds.

        Without a default, `type` says what it is, and each run must give it. Declaring it again in the same way
        returns the same parameter. Raises UsageError for other declarations of a name.
        """
        kind = _KINDS.get(type or default.__class__)
        if kind is None:
            raise UsageError(f"the parameter {name!r}: a default or a type is int, float, str or bool")
        path = ("parameters", name)
        made = Parameter(name, kind, default, path, default is None, min, max, tuple(choices), description)
        known = self._parameters.setdefault(name, made)
        if replace(known, path=path) != made:
            raise UsageError(f"the parameter {name!r} is declared twice, and not in the same way")
        self._sites.setdefault(name, site(1))
        return Param(self, name)

    def parameter(self, name: str) -> Param[Any]:
        """Return a parameter that the workflow uses, be it declared or not."""
        return Param(self, name)

    def node(
        self, type: str, /, inputs: Mapping[str, Any] = MappingProxyType({}), *, name: str | None = None,
        title: str | None = None,
    ) -> Node:  # fmt: skip
        """Add a node of any type, unknown ones too; `name` becomes its id. Inputs are checked by `check`."""
        return self._add(type, inputs, name, title, site(1))

    def target(self, *wanted: Node | Handle[Any]) -> None:
        """Compute these, and no longer every output node."""
        for item in wanted:
            node, slot = (item, None) if isinstance(item, Node) else (item.node, item.slot)
            self._targets.append(Target(node.id, slot))

    def __getitem__(self, id: str) -> Node:
        return self._nodes[id]

    def __contains__(self, id: str) -> bool:
        return id in self._nodes

    def __iter__(self) -> Iterator[Node]:
        return iter(tuple(self._nodes.values()))

    def __len__(self) -> int:
        return len(self._nodes)

    def find(self, type: str = "*", *, title: str = "*") -> list[Node]:
        """Return the nodes whose type and title match the patterns (`*`, `?`, `[...]`), in order."""
        return [n for n in self if fnmatchcase(n.type, type) and fnmatchcase(n.title or "", title)]

    def replace(self, old: Node | Handle[Any], new: Node | Handle[Any]) -> None:
        """Let all that uses `old` use `new`. Of a node, every output by its index; the old node stays until removed."""
        from graphexec.build.rewiring import rewire

        rewire(self, old, new, ())

    def insert(self, after: Handle[Any], make: Callable[[Handle[Any]], Handle[Any]]) -> Handle[Any]:
        """Put what `make` builds from an output between it and all that used it; return the new output."""
        from graphexec.build.rewiring import rewire

        before = set(self._nodes)
        with self:
            new = make(after)
        rewire(self, after, new, self._nodes.keys() - before)
        return new

    def remove(self, node: Node) -> None:
        """Take a node out. What is still linked to it becomes a finding of `check`."""
        del self._nodes[node.id]
        self._targets = [target for target in self._targets if target.node != node.id]
        self._findings = [finding for finding in self._findings if finding.node != node.id]

    @property
    def document(self) -> Document:
        """The workflow as a Document, which `Session`, `check` and the writers take."""
        base = self._base
        nodes = MappingProxyType({id: _declared(node) for id, node in self._nodes.items()})
        return replace(
            base,
            source=replace(base.source, findings=tuple(self._findings), locator=self._locate),
            nodes=nodes,
            targets=tuple(self._targets),
            parameters=MappingProxyType(dict(self._parameters)),
            workflow=base.workflow if nodes == base.nodes else None,  # else the editor saved another workflow
            name=self.name,
            description=self.description,
        )

    def record(self, function: NodeFunction[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Add the node of a function made by `@graphexec.node`; return handles in the form of its results."""
        from graphexec.build.custom import arguments, returned

        given = arguments(function, args, kwargs)
        if function not in self.packs:
            self.packs = (*self.packs, function)
        return returned(function, self._add(function.type, given, None, None, site(2)))

    def _add(self, type: str, inputs: Mapping[str, Any], name: str | None, title: str | None, where: Site) -> Node:
        from graphexec.build.recording import recorded

        if name is None:
            name = self._free_name(type)
        elif name in self._nodes:
            raise UsageError(f"two nodes are named {name!r}")
        node = Node(self, name, type, where)
        self._nodes[name] = node
        if title is not None:
            node.title = title
        found = self._findings
        node._inputs.update({
            key: recorded(self, node, key, value, found) for key, value in inputs.items() if value is not None
        })  # fmt: skip
        return node

    def _free_name(self, type: str) -> str:
        """Return TYPE, TYPE_2, TYPE_3...: the same in every build of the same program."""
        stem = " ".join(type.replace("=", "_").split()) or "node"
        while True:
            count = self._counts[type] = self._counts.get(type, 0) + 1
            name = stem if count == 1 else f"{stem}_{count}"
            if name not in self._nodes:
                return name

    def _locate(self, finding: Diagnostic) -> Diagnostic:
        """Return a finding at the Python line that it is about; as it is when it is about a file."""
        if finding.file is not None:
            return finding
        node = self._nodes.get(finding.node) if finding.node is not None else None
        if node is not None:
            if finding.input in node._sites:
                return at(finding, node._sites[finding.input])
            return at(finding, node._site, finding.input) if node._site is not None else finding
        path = finding.place.path
        if path[:1] == ("parameters",) and len(path) > 1 and path[1] in self._sites:
            return at(finding, self._sites[str(path[1])])
        return finding if self._base.source.text else at(finding, self._site)


def _node(workflow: Workflow, decl: NodeDecl) -> Node:
    node = Node(workflow, decl.id, decl.type, None)
    node.title = decl.title
    node.meta = dict(decl.meta)
    node._inputs = dict(decl.inputs)
    node._path, node._paths, node._type_path = decl.path, dict(decl.input_paths), decl.type_path
    return node


def _declared(node: Node) -> NodeDecl:
    return NodeDecl(
        node.id,
        node.type,
        MappingProxyType(dict(node._inputs)),
        node._path,
        node.title,
        MappingProxyType(dict(node.meta)),
        node._paths,
        node._type_path,
    )
