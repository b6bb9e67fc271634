"""Any workflow in, a Source and then a Document out: the entry of this package."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from graphexec.collector import collector_paused
from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic
from graphexec.document.api_form import read_api
from graphexec.document.json_text import parse_json
from graphexec.document.model import Document, Source
from graphexec.document.parsed import place_at
from graphexec.document.pictures.containers import picture_kind
from graphexec.document.plain import json_text
from graphexec.document.shapes import Shape, recognise
from graphexec.document.text import Lines
from graphexec.document.text_files import STANDARD_INPUT, decode_text, read_bytes

if TYPE_CHECKING:
    from graphexec.document.editor.schemas import Schemas

_LARGE = 2**20


def load_source(origin: str | os.PathLike[str] | Mapping[str, Any], name: str | None = None) -> Source:
    """Return the text of a workflow: a path, `-` for standard input, or a dict (written as JSON).

    A picture (PNG, WebP, JPEG), sound (FLAC) or latent gives the prompt that made it. `name` is shown in findings; by
    default the path as given, `<stdin>` or `<workflow>`. Raises InvalidWorkflow when there is no text to read (GX101,
    GX106, GX111) or the dict is not JSON (GX104, GX108).
    """
    if isinstance(origin, Mapping):
        name = name or "<workflow>"
        return Source(name, json_text(origin, name), "json")
    path = os.fspath(origin)
    piped = path == STANDARD_INPUT
    name = name or ("<stdin>" if piped else path)
    directory = None if piped else str(Path(path).absolute().parent)
    data = read_bytes(path, name)
    if kind := picture_kind(data):
        from graphexec.document.pictures.source import picture_source

        return picture_source(data, kind, name, directory)
    text = decode_text(data, name)
    return Source(name, text, _format(text, "" if piped else path), directory)


def read(source: Source, registry: Schemas | None = None) -> tuple[Document | None, list[Diagnostic]]:
    """Return the Document of a source and all findings about the file, to be completed by `locate.locate`.

    `registry` tells what the widget values in files of the editor mean; by default the built-in nodes do.
    Never raises. The Document is None when nothing can be made of the text; with errors among the findings it may
    lack nodes and inputs, which it marks (`Document.broken`, `Unreadable`), so that further checks can go on.
    """
    with collector_paused(len(source.text) > _LARGE):
        try:
            source.text.encode()
        except UnicodeEncodeError as error:
            found = codes.report(codes.UNREADABLE_FILE, "the text holds half of a surrogate pair")
            return None, [place_at(found, Lines(source.text), error.start, error.start + 1)]
        if source.format == "json":
            parsed = parse_json(source.text)
        else:
            from graphexec.document.yaml_text import parse_yaml

            parsed = parse_yaml(source.text)
        early = [*source.findings, *parsed.diagnostics]
        if not parsed.usable:
            return None, early
        shape = recognise(parsed.value)
        if not isinstance(shape, Shape):
            return None, [*early, shape]
        document: Document | None
        if shape.form == "api":
            document, more = read_api(shape, source)
        elif shape.form == "editor":
            from graphexec.document.editor import read_editor
            from graphexec.registry.loading import load_registry

            document, more = read_editor(shape.value, source, registry or load_registry(), shape.path)
        else:
            from graphexec.document.named_form import read_named

            document, more = read_named(shape.value, source)
        if source.partial and document is not None:
            document = replace(document, partial=True)
        return document, [*early, *more]


def _format(text: str, path: str) -> Literal["json", "yaml"]:
    """Return what a text is: JSON if the file is named so or if it starts like JSON, else YAML."""
    if path.lower().endswith(".json"):
        return "json"
    start = text[:1000].split()
    head = "".join(start)[:2]
    return "json" if head in ('{"', "{}", "{", "[", "[]") or head[:1] == "[" else "yaml"
