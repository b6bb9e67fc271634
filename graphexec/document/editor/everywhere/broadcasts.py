"""What Use Everywhere nodes send (cg-use-everywhere up to 5.x and 7.x): a value, a priority and restrictions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from graphexec.document.editor.fields import text
from graphexec.document.editor.model import EditorGraph, EditorNode, InputSlot, Mode, Origin

ANYTHING = "Anything Everywhere"
SEED_EVERYWHERE = "Seed Everywhere"
CONTROLLERS = frozenset({ANYTHING, f"{ANYTHING}3", f"{ANYTHING}?", "Prompts Everywhere", SEED_EVERYWHERE})

_POSITIVE = r"(_|\b)pos(itive|_|\b)|^prompt|正面"
_NEGATIVE = r"(_|\b)neg(ative|_|\b)|负面"
_SEED = r"seed|随机种"
_PRIORITIES = {f"{ANYTHING}?": 10.0, "Prompts Everywhere": 5.0, SEED_EVERYWHERE: 5.0, ANYTHING: 2.0}


class Rule(IntEnum):
    """How 7.x tells several values of one type apart: the name of the sender's input against the receiving input.

    They are equal, one begins or ends with the other, the name is the receiving node's title, or a pattern.
    """

    EQUAL = 0
    COMMON_START = 1
    COMMON_END = 2
    TITLE = 3
    PATTERN = 4


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A value on offer. Patterns are regular expressions with a flag that negates them; None restricts nothing.

    `same_group` and `same_color` are 1 for nodes in the sender's frames (of its colour), 2 for all others.
    `name` with `rule` must agree with the receiver where a node sends several values of one type.
    """

    sender: EditorNode
    origin: Origin
    type: str
    priority: float
    title: tuple[str, bool] | None = None
    input: tuple[str, bool] | None = None
    group: tuple[str, bool] | None = None
    same_group: int = 0
    same_color: int = 0
    rule: Rule | None = None
    name: str = ""
    to_combos: bool = False
    to_any: bool = False
    modern: bool = False


def broadcasts(graph: EditorGraph) -> Iterator[Broadcast]:
    """Yield everything that live nodes send, in file order."""
    for node in graph.nodes.values():
        if node.mode is not Mode.ALWAYS:
            continue
        settings = node.properties.get("ue_properties")
        modern = settings if isinstance(settings, dict) and "version" in settings else None
        if node.type not in CONTROLLERS and node.properties.get("ue_convert") is not True:
            continue
        sent = list(_sent(graph, node, modern or {}))
        if modern is not None:
            yield from _modern(node, modern, sent)
        elif node.type in CONTROLLERS:
            yield from _legacy(node, sent)


def _sent(graph: EditorGraph, node: EditorNode, settings: Mapping[str, Any]) -> list[tuple[int, str, Origin, str]]:
    """Return index, name, origin and type of each value: of connected inputs, or of the node's own outputs."""
    if node.type not in CONTROLLERS or node.type == SEED_EVERYWHERE:
        silent = settings.get("output_not_broadcasting")
        return [
            (k, output.label or output.name, Origin(node.id, k, output.type), output.type)
            for k, output in enumerate(node.outputs)
            if not (isinstance(silent, dict) and silent.get(output.name))
        ]
    sent = []
    for k, slot in enumerate(node.inputs):
        origin = live_origin(graph, slot)
        if origin is not None:
            sent.append((k, slot.label or slot.name, origin, _type_of(graph, slot, origin)))
    return sent


def live_origin(graph: EditorGraph, slot: InputSlot) -> Origin | None:
    """Return what feeds an input, past bypassed nodes, if that is a node that runs.

    A bypassed node is passed by its input in the output's place if the types are equal, else by the first input
    of the output's type.
    """
    origin, passed = slot.origin, set()
    while origin is not None:
        node = graph.nodes.get(origin.node)
        if node is None or node.mode is Mode.ALWAYS:
            return origin if node else None
        if node.mode is Mode.MUTED or (origin.node, origin.slot) in passed:
            return None
        passed.add((origin.node, origin.slot))
        origin = _passed_on(node, origin.slot)
    return None


def _passed_on(node: EditorNode, output: int) -> Origin | None:
    kind = node.outputs[output].type if output < len(node.outputs) else None
    beside = [node.inputs[output]] if output < len(node.inputs) else []
    return next((slot.origin for slot in (*beside, *node.inputs) if slot.type == kind), None)


def _type_of(graph: EditorGraph, slot: InputSlot, origin: Origin) -> str:
    """Return the type of a value: that of the output it comes from, else of the link, else of the input."""
    outputs = graph.nodes[origin.node].outputs
    output = outputs[origin.slot].type if origin.slot < len(outputs) else "*"
    link = slot.origin.type if slot.origin else "*"
    named = slot.name if slot.name.isupper() else "*"  # the old nodes name an input after the type it carries
    return next((kind for kind in (output, link, slot.type, named) if kind != "*"), "*")


def _legacy(node: EditorNode, sent: list[tuple[int, str, Origin, str]]) -> Iterator[Broadcast]:
    properties = node.properties
    same_group, same_color = _restriction(properties, "group_restricted"), _restriction(properties, "color_restricted")
    priority = _PRIORITIES.get(node.type, 0.0) + (0.1 if same_group else 0.0) + (0.3 if same_color else 0.0)
    boost = properties.get("priority_boost")
    priority += boost if isinstance(boost, (int, float)) and not isinstance(boost, bool) else 0
    patterns: list[tuple[str, bool] | None] = [None, None, None]
    if node.type == f"{ANYTHING}?":
        patterns = [_pattern(node.saved_value(k), False) for k in range(3)]
    for k, _, origin, kind in sent:
        if node.type == "Prompts Everywhere":
            patterns[1] = (_NEGATIVE if k else _POSITIVE), False
        elif node.type == SEED_EVERYWHERE:
            patterns[1] = _SEED, False
        yield Broadcast(
            node, origin, kind, round(priority, 6), patterns[0], patterns[1], patterns[2], same_group, same_color
        )


def _modern(
    node: EditorNode, settings: Mapping[str, Any], sent: list[tuple[int, str, Origin, str]]
) -> Iterator[Broadcast]:
    title, input, group = (
        _pattern(settings.get(f"{key}_regex"), settings.get(f"{key}_regex_invert") is True)
        for key in ("title", "input", "group")
    )
    same_group, same_color = _restriction(settings, "group_restricted"), _restriction(settings, "color_restricted")
    kinds = [kind for *_, kind in sent]
    repeated = len(set(kinds)) < len(kinds)
    priority = settings.get("priority")
    if isinstance(priority, bool) or not isinstance(priority, (int, float)) or not priority:
        special = node.type in ("Prompts Everywhere", SEED_EVERYWHERE) or settings.get("seed_inputs")
        restricted = bool(title or input or group) or repeated
        priority = 10 + 10 * bool(special) + 20 * restricted + 3 * bool(same_group) + 6 * bool(same_color)
    rule = settings.get("repeated_type_rule")
    rule = Rule(rule) if isinstance(rule, int) and 0 <= rule < len(Rule) else Rule.EQUAL
    seed = settings.get("seed_inputs") is True or node.type == SEED_EVERYWHERE
    for _, name, origin, kind in sent:
        compared = kinds.count(kind) > 1 or settings.get("apply_to_unrepeated") is True
        yield Broadcast(
            node, origin, kind, float(priority), title, input or ((_SEED, False) if seed else None), group,
            same_group, same_color, rule if compared else None, name,
            settings.get("string_to_combo") is True, settings.get("send_to_any") is True, modern=True,
        )  # fmt: skip


def _restriction(holder: Mapping[str, Any], key: str) -> int:
    value = holder.get(key)
    return value if isinstance(value, (int, bool)) and value in (0, 1, 2) else 0


def _pattern(value: Any, inverted: bool) -> tuple[str, bool] | None:
    return (value, inverted) if text(value) and value != ".*" else None
