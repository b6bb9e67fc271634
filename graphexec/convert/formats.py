"""The table of formats that a workflow can be written in, and what each has no room for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from graphexec.build.python_format import built_by
from graphexec.build.python_text import python_text
from graphexec.convert.editor_file import editor_text, filled_defaults
from graphexec.diagnostics.sanitize import shown
from graphexec.document import overrides
from graphexec.document.load import read
from graphexec.document.model import Document, Source, Target
from graphexec.document.writers import api_text, yaml_text
from graphexec.errors import InvalidWorkflow
from graphexec.graph.link_notation import named, numbered
from graphexec.graph.naming import id_text
from graphexec.registry.table import Registry

Text = Literal["json", "yaml"]


@dataclass(frozen=True, slots=True)
class Format:
    """A row: `write` gives the text, `read` gives back the Document of such a text (for `--verify`).

    `parameters`, `targets` and `drawing` say whether the format keeps parameters, targets, and how the editor draws
    nodes; `describes` whether it keeps the name and the description of the workflow.
    """

    name: str
    write: Callable[[Document, Registry], str]
    read: Callable[[str, Registry], Document]
    parameters: bool = False
    targets: bool = False
    describes: bool = False
    unset: bool = True
    """Whether an input may be left without a value."""


@dataclass(frozen=True, slots=True)
class Converted:
    """A workflow in another format: the Document that was written, its text, and what the format could not keep."""

    document: Document
    text: str
    notes: Sequence[str] = field(default_factory=tuple)


def _reading(form: Text) -> Callable[[str, Registry], Document]:
    def read_back(text: str, registry: Registry) -> Document:
        document, findings = read(Source("<converted>", text, form), registry)
        if document is None or document.broken:
            raise InvalidWorkflow(findings)
        return document

    return read_back


FORMATS: tuple[Format, ...] = (
    Format("api", lambda document, registry: api_text(numbered(document, registry)), _reading("json")),
    Format("editor", editor_text, _reading("json"), targets=True, describes=True, unset=False),
    Format(
        "yaml",
        lambda document, registry: yaml_text(named(document, registry)),
        _reading("yaml"),
        parameters=True,
        targets=True,
        describes=True,
    ),
    Format("python", python_text, lambda text, _: built_by(text), parameters=True, targets=True, describes=True),
)


def convert(document: Document, format: Format, registry: Registry, params: Mapping[str, Any]) -> Converted:
    """Return a document in another format.

    Parameters get their values (`params`, else their defaults) where the format has none, or where some are given.
    Raises InvalidWorkflow for parameters without a value, NotExpressible for what the format cannot say.
    """
    notes = []
    if document.parameters and (params or not format.parameters):
        filled, findings = overrides.apply(document, params=params)
        if findings:
            raise InvalidWorkflow(findings)
        notes.append(f"parameters are written as their values: {_names(document.parameters)}")
        document = replace(filled, parameters={})
    if document.targets and not format.targets:
        notes.append(f"targets are not kept, so all output nodes are meant: {_names(map(_text, document.targets))}")
        document = replace(document, targets=())
    if (document.name is not None or document.description is not None) and not format.describes:
        notes.append("the name and the description of the workflow are not kept")
    if not format.unset:
        for id, values in filled_defaults(document, registry).items():
            shows = ", ".join(f"{shown(name)[1:-1]} = {shown(value, 40)}" for name, value in values.items())
            notes.append(
                f"node {id_text(id)} has no value for inputs of which the editor will show the default: {shows}"
            )
    return Converted(document, format.write(document, registry), notes)


def _text(target: Target) -> str:
    return target.node if target.output is None else f"{target.node}:{target.output}"


def _names(names: Any) -> str:
    return ", ".join(id_text(name) for name in names)
