"""Texts as the editor sends them: comments cut, alternatives chosen, `%...%` of output names filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.diagnostics.sanitize import shown
from graphexec.document.editor.model import EditorGraph, EditorNode, Mode, Value
from graphexec.document.editor.schemas import Interfaces, NodeSpec

_SAVERS = frozenset(
    {"SaveImage", "SaveAnimatedWEBP", "SaveAnimatedPNG", "SaveWEBM", "SaveAudio", "SaveGLB", "SaveLatent"}
    | {"CLIPSave", "VAESave", "ModelSave", "LoraSave"}
)
_SAMPLERS = frozenset({"KSampler", "KSamplerAdvanced"})
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_TOKEN = re.compile(r"%([^%]+)%")
_UNSAFE = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')
_DATE_PART = re.compile(r"yyyy|yy|MM?|dd?|hh?|mm?|ss?")
_SERVER_DATES = {"yyyy": "%year%", "MM": "%month%", "dd": "%day%", "hh": "%hour%", "mm": "%minute%", "ss": "%second%"}


def process_texts(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Do to the values of the nodes that run what the editor does when it queues them."""
    found: list[Diagnostic] = []
    titles = _Titles(graph)
    nodes = []
    for node in graph.nodes.values():
        spec = schemas.find(node.type)
        if node.mode is Mode.ALWAYS and spec is not None and node.widgets:
            values = {name: _processed(node, spec, name, value, titles, found) for name, value in node.widgets.items()}
            if values != node.widgets:
                node = node.with_(widgets=values)
        nodes.append(node)
    return graph.with_nodes(nodes, found)


def _processed(
    node: EditorNode, spec: NodeSpec, name: str, held: Value, titles: _Titles, found: list[Diagnostic]
) -> Value:
    declared, value = spec.input(name), held.value
    if not isinstance(value, str) or declared is None:
        return held
    if declared.options.get("dynamicPrompts"):
        value, chosen = without_alternatives(_COMMENT.sub("", value))
        if chosen:
            texts = ", ".join(shown(text, 20) for text in chosen[:4])
            message = f"{name} of node {node.id} has alternatives in braces; the first of each is taken: {texts}"
            hint = "the editor draws one at random; write the text that you want, or escape braces: \\{ \\}"
            found.append(
                codes.report(codes.RANDOM_TEXT, message, Place(held.path), hint=hint, node=node.id, input=name)
            )
    elif name == "filename_prefix" and node.type in _SAVERS:
        value = _TOKEN.sub(lambda match: titles.replacement(match), value)
    elif name == "sampler_name" and node.type in _SAMPLERS:
        value = value.removeprefix("sample_")
    return Value(value, held.path)


def without_alternatives(text: str) -> tuple[str, list[str]]:
    """Return a prompt with the first alternative of every `{a|b}` (they nest), and the alternatives taken.

    `\\{`, `\\}` and `\\|` stand for the characters themselves. A group that nobody closes reaches to the end.
    """
    out: list[list[str]] = [[]]
    taking = [True]
    chosen: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character == "\\" and position + 1 < len(text):
            following = text[position + 1]
            if taking[-1]:
                out[-1].append(following if following in "{}|" else character + following)
            position += 2
            continue
        position += 1
        if character == "{":
            out.append([])
            taking.append(True)
        elif len(out) > 1 and character == "|":
            taking[-1] = False
        elif len(out) > 1 and character == "}":
            _close(out, taking, chosen)
        elif taking[-1]:
            out[-1].append(character)
    while len(out) > 1:
        _close(out, taking, chosen)
    return "".join(out[0]), chosen


def _close(out: list[list[str]], taking: list[bool], chosen: list[str]) -> None:
    alternative, only_one = "".join(out.pop()), taking.pop()
    if taking[-1]:
        out[-1].append(alternative)
        if not only_one:
            chosen.append(alternative)


class _Titles:
    """The nodes that `%Node.widget%` can name."""

    def __init__(self, graph: EditorGraph) -> None:
        self._by_class: dict[str, EditorNode] = {}
        self._by_title: dict[str, EditorNode] = {}
        for node in graph.nodes.values():
            name = node.properties.get("Node name for S&R")
            if isinstance(name, str):
                self._by_class.setdefault(name, node)
            self._by_title.setdefault(node.title or node.type, node)

    def replacement(self, match: re.Match[str]) -> str:
        """Return what stands for `%...%`: a date in the server's tokens, a widget's value, or the text as it is."""
        token = match[1]
        if token.startswith("date:"):
            return server_date(token[5:]) or match[0]
        title, dot, widget = token.partition(".")
        node = self._by_class.get(title) or self._by_title.get(title)
        if not dot or "." in widget or node is None:
            return match[0]
        values: Mapping[str, Value] = node.widgets or {}
        return _UNSAFE.sub("_", _as_text(values[widget].value)) if widget in values else match[0]


def server_date(form: str) -> str | None:
    """Return a date format as tokens that are filled in when a file is written, or None where none says the same.

    `yyyy-MM-dd` becomes `%year%-%month%-%day%`; parts without leading zeros (`d`, `M`) have no such token.
    """
    parts = _DATE_PART.findall(form)
    if any(part not in _SERVER_DATES for part in parts):
        return None
    return _DATE_PART.sub(lambda match: _SERVER_DATES[match[0]], form)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
