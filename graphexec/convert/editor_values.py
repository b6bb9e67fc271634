"""The widget values of a node as the editor saves them: by position, with what stands between the inputs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphexec.document.editor.naming import default_of
from graphexec.document.editor.places import Place, layouts
from graphexec.document.editor.schemas import is_widget
from graphexec.registry.spec import NodeSpec

CONTROL = "fixed"
"""What becomes of a seed after each run in the editor: it stays, as it does here."""

_BUTTONS = {"image_upload": "image", "animated_image_upload": "image", "video_upload": "video"}
_OWN_NAMES = {"control": "control_after_generate", "filter": "control_filter_list", "button": "upload"}
_SPECIAL = re.compile(r"[{}]")
_COMMENT = re.compile(r"/(?=[/*])")


@dataclass(frozen=True, slots=True)
class WidgetValues:
    """`listed` is the list that the editor saves. `named` names its places where no schema does.

    `filled` are the inputs that the node has no value for, with the defaults that stand in the list.
    """

    listed: tuple[Any, ...]
    named: Mapping[str, Any] | None = None
    filled: Mapping[str, Any] | None = None


def widget_values(spec: NodeSpec | None, literals: Mapping[str, Any], linked: frozenset[str]) -> WidgetValues:
    """Return the widget values of a node of a known type, or of an unknown one by the names of its literals."""
    if spec is None:
        return WidgetValues(tuple(literals.values()), dict(literals))
    listed: list[Any] = []
    names: list[str] = []
    filled: dict[str, Any] = {}
    for place in next(layouts(spec)):
        name = place.input.name
        if place.role != "value":
            listed.append(_beside(place))
            names.append(_OWN_NAMES[place.role])
            continue
        names.append(name)
        if name in literals:
            listed.append(_escaped(place, literals[name]))
            continue
        listed.append(default_of(place.input))
        if name not in linked:
            filled[name] = listed[-1]
    rest = {name: value for name, value in literals.items() if not _has_place(spec, name)}
    if rest and spec.function is None:  # inputs of another version of the node: only names can tell them
        return WidgetValues((*listed, *rest.values()), {**dict(zip(names, listed, strict=True)), **rest}, filled)
    return WidgetValues(tuple(listed), filled=filled)


def _has_place(spec: NodeSpec, name: str) -> bool:
    declared = spec.input(name)
    return declared is not None and is_widget(declared)


def _beside(place: Place) -> Any:
    """Return the value of a place that belongs to no input: what the editor itself would save there."""
    if place.role == "control":
        return CONTROL
    if place.role == "filter":
        return ""
    return next((value for option, value in _BUTTONS.items() if place.input.options.get(option)), None)


def _escaped(place: Place, value: Any) -> Any:
    """Return a prompt such that the editor sends this text: it cuts comments and draws alternatives in braces."""
    if not isinstance(value, str) or not place.input.options.get("dynamicPrompts"):
        return value
    return _COMMENT.sub("{/}", _SPECIAL.sub(r"\\\g<0>", value))
