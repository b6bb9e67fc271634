"""Small graphs for tests: API dictionaries and node classes in, checked graphs out."""

from graphexec.document.model import Document, Link, NodeDecl, Source
from graphexec.document.targets import parse_target
from graphexec.graph.build import build
from graphexec.registry.adapter import read_class
from graphexec.registry.table import Registry


def document(api):
    """Read an API dictionary without the readers: a list of a text and an integer is a link."""
    nodes = {}
    for id, node in api.items():
        inputs = {
            name: Link(*value) if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) else value
            for name, value in node["inputs"].items()
        }
        nodes[id] = NodeDecl(id, node["class_type"], inputs, (id,))
    return Document(Source("test", "", "json"), nodes)


def registry(classes, version="v1", hooks=None):
    """Make a registry of ComfyUI-style classes by type."""
    specs = [read_class(type, cls, provider="test", version=version) for type, cls in classes.items()]
    return Registry(specs, hooks)


def graph(api, classes, targets=None, files=None):
    """Build a graph; `classes` is a registry or a mapping of classes."""
    types = classes if isinstance(classes, Registry) else registry(classes)
    doc = document(api)
    asked = None if targets is None else [parse_target(t, doc.nodes) for t in targets]
    built, findings = build(doc, types, targets=asked, files=files)
    assert built is not None, [str(f) for f in findings]
    return built
