"""Documents as files: the API format, and graphexec's own form in canonical YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from graphexec.document.form_check import SETTINGS, is_node_name
from graphexec.document.model import Document, InputValue, Link, NodeDecl, Parameter, ParameterRef, Target, Unreadable
from graphexec.document.named_values import linked, named_value
from graphexec.document.targets import parse_target
from graphexec.document.yaml_scalars import block, flow, key, scalar


class NotExpressible(ValueError):
    """The Document holds something that the format has no notation for."""


def api_prompt(document: Document) -> dict[str, Any]:
    """Return the API-format mapping of a Document.

    Raises NotExpressible for links by output name, unset parameters and inputs that could not be read.
    """
    return {
        node.id: {
            "inputs": {name: _api_value(node, name, value) for name, value in node.inputs.items()},
            "class_type": node.type,
            **_api_meta(node),
        }
        for node in document.nodes.values()
    }


def api_text(document: Document) -> str:
    """Return the API-format JSON text of a Document, indented by two. Raises NotExpressible."""
    return json.dumps(api_prompt(document), indent=2, ensure_ascii=False) + "\n"


def yaml_text(document: Document) -> str:
    """Return graphexec's own form of a Document as YAML: block style, floats stay floats, links by name.

    Reading it gives the same nodes, parameters and targets. Raises NotExpressible for inputs that could not be
    read, for ids that the form does not allow, and for links that it cannot tell from others.
    """
    return "".join(line + "\n" for line in _document(document))


def _api_value(node: NodeDecl, name: str, value: InputValue) -> Any:
    match value:
        case Link(origin, int(slot)):
            return [origin, slot]
        case Link(origin, output):
            raise NotExpressible(
                f"{node.id}.{name}: the link {origin}.{output} names its output, API files number them"
            )
        case ParameterRef(parameter):
            raise NotExpressible(f'{node.id}.{name}: the parameter "{parameter}" has no value')
        case Unreadable():
            raise NotExpressible(f"{node.id}.{name}: the value could not be read")
        case list():
            return {"__value__": value}
        case dict() if "__value__" in value:
            return {"__value__": value}
        case _:
            return value


def _api_meta(node: NodeDecl) -> dict[str, Any]:
    if not node.meta and node.title is None:
        return {}
    return {"_meta": dict(node.meta) | ({"title": node.title} if node.title is not None else {})}


def _document(document: Document) -> Iterator[str]:
    yield "graphexec: 1"
    for field in ("name", "description"):
        text = getattr(document, field)
        if text is not None:
            yield from block(f"{field}:", text, 0)
    if document.parameters:
        yield "parameters:"
        for parameter in document.parameters.values():
            yield from _parameter(parameter)
    yield "nodes:"
    for node in document.nodes.values():
        yield from _node(node, document)
    if document.targets:
        yield "targets:"
        for target in document.targets:
            yield f"  - {scalar(_target(target, document.nodes))}"


def _parameter(parameter: Parameter) -> Iterator[str]:
    if isinstance(parameter.default, Unreadable):
        raise NotExpressible(f'the parameter "{parameter.name}" could not be read')
    yield f"  {key(parameter.name)}:"
    yield f"    type: {parameter.type}"
    if not parameter.required:
        yield from block("    default:", parameter.default, 4)
    for field in ("min", "max"):
        limit = getattr(parameter, field)
        if limit is not None:
            yield f"    {field}: {scalar(limit)}"
    if parameter.choices:
        yield f"    choices: {flow(list(parameter.choices))}"
    if parameter.description is not None:
        yield from block("    description:", parameter.description, 4)


def _node(node: NodeDecl, document: Document) -> Iterator[str]:
    if not is_node_name(node.id):
        raise NotExpressible(f"the id {node.id!r} cannot be a name in this form")
    yield f"  {key(node.id)}:"
    yield f"    type: {scalar(node.type)}"
    if node.title is not None:
        yield from block("    title:", node.title, 4)
    settings = node.settings if isinstance(node.settings, dict) else {}
    for field in SETTINGS:
        if field in settings:
            yield from block(f"    {field}:", settings[field], 4)
    if node.inputs:
        yield "    inputs:"
    for name, value in node.inputs.items():
        yield from block(f"      {key(name)}:", _named(node, name, value, document.nodes), 6)


def _named(node: NodeDecl, name: str, value: InputValue, nodes: Mapping[str, NodeDecl]) -> Any:
    """Return what the own form writes for a value, marked where it would be read as something else."""
    where = f"{node.id}.{name}"
    match value:
        case Unreadable():
            raise NotExpressible(f"{where}: the value could not be read")
        case ParameterRef(parameter):
            return {"param": parameter}
        case Link(origin, output):
            text = f"{origin}.{output}"
            for written in (text, {"link": text}):
                if named_value(written, nodes.keys(), "", "", (), []) == value:
                    return written
            raise NotExpressible(f"{where}: the link to output {output!r} of {origin!r} has no notation")
        case str():
            return {"value": value} if linked(value, nodes.keys()) else value
        case list():
            return {"value": value}
        case dict() if named_value(value, nodes.keys(), "", "", (), []) != value:
            return {"value": value}
        case _:
            return value


def _target(target: Target, nodes: Mapping[str, NodeDecl]) -> str:
    text = target.node if target.output is None else f"{target.node}:{target.output}"
    if (read := parse_target(text, nodes)) != Target(target.node, target.output):
        raise NotExpressible(f"the target {target} would be read as {read}")
    return text
