"""graphexec's own form to a Document: named nodes, named outputs, parameters, targets."""

from __future__ import annotations

from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import Any

from graphexec.diagnostics.model import Diagnostic, Path, Place
from graphexec.document.form_check import SETTINGS, plainly_valid
from graphexec.document.model import Document, NodeDecl, Parameter, Source, Target
from graphexec.document.named_values import named_value
from graphexec.document.parameter_form import read_parameter
from graphexec.document.targets import parse_target
from graphexec.document.values import UNREADABLE


def read_named(root: dict[str, Any], source: Source) -> tuple[Document, list[Diagnostic]]:
    """Return the Document of a file in graphexec's own form and all that is wrong with it.

    Nodes that the models refuse are left out (`broken` names them); so are targets. A refused parameter stays,
    with a default of `Unreadable`.
    """
    found, refused = _checked(root)
    declared = _mapping(root, "nodes")
    names = declared.keys()
    broken = frozenset(name for name in declared if ("nodes", name) in refused)
    nodes = {
        name: _node(name, form, names, ("nodes", name), found) for name, form in declared.items() if name not in broken
    }
    parameters = {
        name: Parameter(name, "STRING", UNREADABLE, ("parameters", name))
        if ("parameters", name) in refused
        else read_parameter(name, form, ("parameters", name), found)
        for name, form in _mapping(root, "parameters").items()
    }
    targets = () if ("targets",) in refused else _targets(root.get("targets") or (), names, found)
    document = Document(
        source,
        MappingProxyType(nodes),
        targets,
        MappingProxyType(parameters),
        name=_text(root, "name"),
        description=_text(root, "description"),
        broken=broken,
    )
    return document, found


def _checked(root: dict[str, Any]) -> tuple[list[Diagnostic], Set[Path]]:
    """Return what the models find wrong, and what they refuse."""
    if plainly_valid(root):
        return [], frozenset()
    from graphexec.document.schema_errors import form_errors

    return form_errors(root)


def _mapping(root: Mapping[str, Any], field: str) -> dict[str, Any]:
    value = root.get(field)
    return value if isinstance(value, dict) else {}


def _text(form: Mapping[str, Any], field: str) -> str | None:
    value = form.get(field)
    return value if isinstance(value, str) else None


def _node(name: str, form: dict[str, Any], names: Set[str], path: Path, found: list[Diagnostic]) -> NodeDecl:
    base = (*path, "inputs")
    inputs = {
        key: named_value(value, names, name, key, (*base, key), found)
        for key, value in _mapping(form, "inputs").items()
    }
    settings = {field: form[field] for field in SETTINGS if field in form}
    meta: dict[str, Any] = {"graphexec": settings} if settings else {}
    return NodeDecl(
        name, form["type"], MappingProxyType(inputs), path, _text(form, "title"), MappingProxyType(meta),
        settings_path=path,
    )  # fmt: skip


def _targets(texts: list[str] | tuple[()], names: Set[str], found: list[Diagnostic]) -> tuple[Target, ...]:
    targets: list[Target] = []
    for index, text in enumerate(texts):
        target = parse_target(text, names, Place(("targets", index)))
        if isinstance(target, Target):
            targets.append(target)
        else:
            found.append(target)
    return tuple(targets)
