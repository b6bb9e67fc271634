"""The places of `widgets_values`: which widget each position belongs to, and which reading of a list fits best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

from graphexec.document.editor.schemas import InputSpec, NodeSpec, is_widget

CONTROL_WORDS = frozenset({"fixed", "increment", "decrement", "randomize", "increment-wrap"})
"""What the widget behind a seed does to it after each run in the editor; without effect here."""

_SEEDS = frozenset({"seed", "noise_seed"})
_BUTTONS = {"image_upload": 1, "video_upload": 1, "animated_image_upload": 1, "audio_upload": 2, "file_upload": 3}
"""Options of a file input, and how many buttons (saved like widgets) the editor adds for each."""

Role = Literal["value", "control", "filter", "button"]


@dataclass(frozen=True, slots=True)
class Place:
    """One position of a list of widget values; only those with the role `value` go into the prompt."""

    role: Role
    input: InputSpec


def layouts(spec: NodeSpec) -> Iterator[tuple[Place, ...]]:
    """Yield the ways in which editors of different age saved this node type, the usual one first.

    Buttons came last, then right behind their owner, or not at all; files from before 1.16 hold a value for
    inputs that only take links as well; the oldest have no control behind a seed.
    """
    seen: set[tuple[tuple[str, str], ...]] = set()
    for forced, control, buttons in product((False, True), (True, False), ("last", "behind", "none")):
        layout = tuple(_layout(spec, forced, control, buttons))
        outline = tuple((place.role, place.input.name) for place in layout)
        if outline not in seen:
            seen.add(outline)
            yield layout


def best_layout(spec: NodeSpec, values: Sequence[Any]) -> tuple[Place, ...]:
    """Return the layout that contradicts the values least, then that of nearest length, then the most usual."""
    best: tuple[int, int] | None = None
    chosen: tuple[Place, ...] = ()
    for layout in layouts(spec):
        score = _contradictions(layout, values), abs(len(layout) - len(values))
        if best is None or score < best:
            best, chosen = score, layout
        if best == (0, 0):
            break
    return chosen


def has_control(declared: InputSpec) -> bool:
    """Whether a control widget follows: as the option says, else for an INT called seed or noise_seed."""
    option = declared.options.get("control_after_generate")
    if option is None:
        return declared.type == "INT" and declared.name in _SEEDS
    return bool(option) and declared.type in ("INT", "COMBO")


def _layout(spec: NodeSpec, forced: bool, control: bool, buttons: str) -> Iterator[Place]:
    last: list[Place] = []
    for declared in spec.inputs:
        if not is_widget(declared) and not (forced and declared.is_primitive and "," not in declared.type):
            continue
        yield Place("value", declared)
        if control and has_control(declared):
            yield Place("control", declared)
            if declared.type == "COMBO":
                yield Place("filter", declared)
        for option, count in _BUTTONS.items() if buttons != "none" else ():
            if declared.options.get(option):
                places = [Place("button", declared)] * count
                if buttons == "behind":
                    yield from places
                else:
                    last += places
    yield from last


def _contradictions(layout: tuple[Place, ...], values: Sequence[Any]) -> int:
    return sum(_contradicts(place, value) for place, value in zip(layout, values))


def _contradicts(place: Place, value: Any) -> int:
    """Return 2 for a value of another kind, 1 for a doubtful one, 0 for one that may stand here."""
    if place.role == "control":
        return 0 if isinstance(value, bool) or (isinstance(value, str) and value in CONTROL_WORDS) else 2
    if place.role == "filter":
        return 0 if isinstance(value, str) else 2
    if value is None:
        return 0 if place.role == "button" else 1
    if place.role == "button":
        return 1 if isinstance(value, (int, float)) else 0
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    match place.input.type:
        case "INT":
            return 0 if number and (isinstance(value, int) or value.is_integer()) else 2
        case "FLOAT":
            return 0 if number else 2
        case "BOOLEAN":
            return 0 if isinstance(value, bool) else 2
        case "STRING":
            return 0 if isinstance(value, str) else 2
        case "COMBO":
            return _doubt(place.input, value)
    return 0


def _doubt(declared: InputSpec, value: Any) -> int:
    if isinstance(value, str) and value in CONTROL_WORDS and value not in declared.choices:
        return 2
    if declared.folder is not None or declared.unchecked or not declared.choices:
        return 0 if isinstance(value, str) else 1
    return 0 if any(type(value) is type(choice) and value == choice for choice in declared.choices) else 1
