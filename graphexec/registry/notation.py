"""ComfyUI's notation of inputs and outputs (`INPUT_TYPES`, `/object_info`), read into specs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from graphexec.registry.spec import InputSpec, OutputSpec

_FIELDS = frozenset({"default", "min", "max", "lazy", "rawLink", "forceInput"})
_CHOICES_FROM_ELSEWHERE = ("remote", "multi_select", "image_upload", "video_upload", "audio_upload", "file_upload")


class Malformed(ValueError):
    """The notation is not what ComfyUI allows; the message says where."""


def read_inputs(declared: Any, unchecked: Iterable[str] = ()) -> tuple[InputSpec, ...]:
    """Return the inputs of `{"required": {name: (type, options)}, "optional": ...}` in widget order.

    `unchecked` names inputs whose values the node validates itself. Raises Malformed.
    """
    return tuple(
        _input(name, entry, group == "required", name in unchecked)
        for group in ("required", "optional")
        for name, entry in _group(declared, group)
    )


def read_hidden(declared: Any) -> tuple[tuple[str, str], ...]:
    """Return (argument, marker) pairs of the hidden inputs; a marker may be wrapped in a list. Raises Malformed."""
    pairs = []
    for name, entry in _group(declared, "hidden"):
        marker = entry[0] if isinstance(entry, (list, tuple)) and entry else entry
        if not isinstance(marker, str):
            raise Malformed(f"hidden input {name!r} names no marker")
        pairs.append((name, _text(marker)))
    return tuple(pairs)


def read_outputs(types: Iterable[Any], names: Iterable[Any] = (), lists: Iterable[Any] = ()) -> tuple[OutputSpec, ...]:
    """Return the outputs; missing names are the types, missing list flags False. Raises Malformed."""
    kinds = [_output_type(index, kind) for index, kind in enumerate(types)]
    labels, flags = list(names), list(lists)
    return tuple(
        OutputSpec(
            name=str(labels[i]) if i < len(labels) and labels[i] else kind,
            type=kind,
            is_list=bool(flags[i]) if i < len(flags) else False,
        )
        for i, kind in enumerate(kinds)
    )


def _group(declared: Any, group: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(declared, Mapping):
        raise Malformed("the declared inputs are no mapping")
    entries = declared.get(group) or {}
    if not isinstance(entries, Mapping):
        raise Malformed(f"{group!r} is no mapping of names to inputs")
    for name, entry in entries.items():
        if not isinstance(name, str):
            raise Malformed(f"{group!r} has the name {name!r}, which is no text")
        yield name, entry


def _input(name: str, entry: Any, required: bool, unchecked: bool) -> InputSpec:
    if not isinstance(entry, (list, tuple)) or not entry:
        raise Malformed(f"input {name!r} must be a tuple of type and options: a comma may be missing")
    kind, options = entry[0], entry[1] if len(entry) > 1 and entry[1] is not None else {}
    if not isinstance(options, Mapping):
        raise Malformed(f"the options of input {name!r} are no mapping")
    choices: tuple[Any, ...] = ()
    rest = {k: v for k, v in options.items() if k not in _FIELDS}
    if isinstance(kind, (list, tuple)):
        choices, kind = tuple(kind), "COMBO"
    elif not isinstance(kind, str):
        raise Malformed(f"the type of input {name!r} is neither a text nor a list of choices")
    elif kind == "COMBO":
        choices = tuple(rest.pop("options", ()))
    if kind == "COMBO" and (not choices or any(options.get(key) for key in _CHOICES_FROM_ELSEWHERE)):
        unchecked = True
    return InputSpec(
        name=name,
        type=_text(kind),
        required=required,
        default=options.get("default"),
        has_default="default" in options,
        min=_number(options.get("min")),
        max=_number(options.get("max")),
        choices=choices,
        lazy=bool(options.get("lazy")),
        raw_link=bool(options.get("rawLink")),
        force_input=bool(options.get("forceInput")),
        unchecked=unchecked,
        options=MappingProxyType(rest),
    )


def _output_type(index: int, kind: Any) -> str:
    if isinstance(kind, (list, tuple)):
        return "COMBO"
    if not isinstance(kind, str):
        raise Malformed(f"the type of output {index} is neither a text nor a list of choices")
    return _text(kind)


def _text(kind: str) -> str:
    """Strip subclasses of str (enumerations, types that compare equal to anything) down to their text."""
    return ",".join(part.strip() for part in str.__str__(kind).split(","))


def _number(value: Any) -> int | float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
