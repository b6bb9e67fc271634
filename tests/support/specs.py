"""Node types for tests of the graph, made of specs alone; and documents of them, written briefly."""

from graphexec.document.model import Document, Link, NodeDecl, Source
from graphexec.graph.build import build
from graphexec.registry.spec import InputSpec, NodeSpec, OutputSpec


def run(context, **inputs):
    """Stand in for the function of a node; the graph never calls it."""


def spec(type, inputs=(), outputs=(), function=run, **fields):
    """Make a spec; inputs are InputSpecs or `name:TYPE` (`name:TYPE?` is optional), outputs `TYPE` or `name:TYPE`."""
    return NodeSpec(
        type=type,
        inputs=tuple(i if isinstance(i, InputSpec) else _input(i) for i in inputs),
        outputs=tuple(OutputSpec(text.partition(":")[0], text.rpartition(":")[2]) for text in outputs),
        function=function,
        provider="test",
        **fields,
    )


def _input(text):
    name, _, type = text.partition(":")
    return InputSpec(name, type.rstrip("?"), required=not type.endswith("?"))


class Types:
    """A table of node types; `known` ones cannot run."""

    def __init__(self, *specs, known=()):
        self._specs = {s.type: s for s in specs}
        self._known = {s.type: s for s in known}

    def get(self, type):
        return self._specs.get(type)

    def known(self, type):
        return self._known.get(type)

    def names(self):
        return tuple(self._specs)

    def known_names(self):
        return tuple(self._known)


def document(targets=(), broken=(), **nodes):
    """Write a document: `document(a=("Type", {"x": 1}), b=("Type", {"x": ("a", 0)}))`; tuples are links."""
    return Document(
        Source("test", "", "json"), {id: decl(id, *given) for id, given in nodes.items()}, targets,
        broken=frozenset(broken),
    )  # fmt: skip


def decl(id, type, inputs=None, title=None):
    """Make one node of a document."""
    values = {k: Link(*v) if isinstance(v, tuple) else v for k, v in (inputs or {}).items()}
    return NodeDecl(id, type, values, (id,), title)


def codes_of(findings):
    """Return `CODE node.input` of each finding, for comparing what was found where."""
    return [" ".join(filter(None, (f.code, ".".join(filter(None, (f.node, f.input)))))) for f in findings]


def check(document, types, **options):
    """Build and return the graph and `codes_of` the findings."""
    graph, findings = build(document, types, **options)
    return graph, codes_of(findings)
