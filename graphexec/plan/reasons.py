"""What differs between two recipes, said so that a user knows what to do about it. Pure functions of recipes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphexec.diagnostics.sanitize import shown, visible

Recipe: TypeAlias = Mapping[str, Any]
Fields: TypeAlias = Mapping[tuple[str, ...], Any]

SIGNS = 40
"""Characters of a value that are shown."""


class _Missing:
    """Stands for a field that one of two recipes lacks."""


MISSING = _Missing()
_GROUPS = frozenset(
    (
        *((name,) for name in ("node", "literals", "links", "raw links", "files", "formats", "hidden")),
        ("node", "numerics"),
    )
)
"""Parts of a recipe whose own fields are compared one by one, and the parts of each file in `formats`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs: its path (`literals.steps`), both values as plain data, and the sentence for a person."""

    field: str
    before: Any
    now: Any
    text: str


def plain(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as it comes back from JSON."""
    return dict(json.loads(json.dumps(recipe, default=repr)))


def fields(recipe: Recipe) -> Fields:
    """Return the fields of a plain recipe by path."""
    return dict(_fields(recipe, ()))


def _fields(value: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, item in value.items():
        here = (*path, name)
        if isinstance(item, dict) and (here in _GROUPS or (len(here) == 2 and here[0] == "formats")):
            yield from _fields(item, here)
        else:
            yield here, item


def differing(now: Fields, before: Fields) -> list[tuple[str, ...]]:
    """Return the paths of the fields that differ, in the order of the newer recipe; types count, so 1 is not 1.0."""
    return [path for path in {**now, **before} if not _same(now.get(path, MISSING), before.get(path, MISSING))]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, _Missing) or isinstance(b, _Missing):
        return a is b
    return type(a) is type(b) and bool(a == b) and (not isinstance(a, (dict, list)) or json.dumps(a) == json.dumps(b))


def nearest(now: Fields, earlier: Sequence[Fields]) -> int | None:
    """Return the place of the one that differs in the fewest fields, the first of several; None of none."""
    return min(range(len(earlier)), key=lambda place: len(differing(now, earlier[place])), default=None)


def differences(new: Fields, old: Fields, upstream: Mapping[str, str]) -> list[Difference]:
    """Return what differs, worded. `upstream` names the node that each linked input comes from, by input."""
    found: list[Difference] = []
    for path in differing(new, old):
        a, b = old.get(path, MISSING), new.get(path, MISSING)
        text = _worded(path, a, b, new, old, upstream)
        if text is not None and text not in (other.text for other in found):
            found.append(Difference(".".join(path), _plain(a), _plain(b), text))
    return found


def _plain(value: Any) -> Any:
    return None if isinstance(value, _Missing) else value


def _worded(
    path: tuple[str, ...], before: Any, now: Any, new: Fields, old: Fields, upstream: Mapping[str, str]
) -> str | None:
    """Return the sentence for a field; None where another field's says it already."""
    name = visible(path[-1])
    match path[0]:
        case "literals" | "links":
            return _input(path, before, now, new, old, upstream)
        case "files":
            return _file(name, before, now)
        case "formats":
            if isinstance(before, _Missing) or isinstance(now, _Missing):
                return None  # another file, which its name tells
            return f"numeric policy {before} -> {now} ({visible(path[-1])} of {visible(path[1])})"
        case "node":
            return _code(path, before, now, new)
        case "raw links":
            return f"{name} is linked to another node"
        case "hidden":
            return f"the {name}, which the node sees, is another"
        case "changed":
            return f"IS_CHANGED returned {_arrow(before, now)}"
        case "id":
            return f"id {_arrow(before, now)}, which the node sees"
    return f"{' '.join(map(visible, path))} {_arrow(before, now)}"


def _input(
    path: tuple[str, ...], before: Any, now: Any, new: Fields, old: Fields, upstream: Mapping[str, str]
) -> str | None:
    kind, input = path[0], path[-1]
    name, source = visible(input), upstream.get(input, "another node")
    if kind == "links":
        if isinstance(now, _Missing):
            return None if ("literals", input) in new else f"{name} is no longer linked"
        if isinstance(before, _Missing):
            value = old.get(("literals", input), MISSING)
            was = "" if isinstance(value, _Missing) else f"{shown(value, SIGNS)} -> "
            return f"{name} {was}{source}" if was else f"{name} now comes from {source}"
        return f"upstream {source}"
    if isinstance(before, _Missing):
        linked = ("links", input) in old
        return f"{name} {'a link' if linked else 'absent'} -> {shown(now, SIGNS)}"
    if isinstance(now, _Missing):
        return None if ("links", input) in new else f"{name} {shown(before, SIGNS)} -> absent"
    return f"{name} {_arrow(before, now)}"


def _file(name: str, before: Any, now: Any) -> str | None:
    if isinstance(before, _Missing) or isinstance(now, _Missing):
        return None  # another name in a literal, which says so itself
    if before is None:
        return f"{name} was missing"
    return f"{name} is missing" if now is None else f"{name} changed on disk"


def _code(path: tuple[str, ...], before: Any, now: Any, new: Fields) -> str:
    if path[1] == "numerics":
        if path[-1] == "torch":
            return f"torch {before} -> {now}"
        return f"numeric policy: {visible(path[-1])} {before} -> {now}"
    if path[1] == "version":
        type = visible(str(new.get(("node", "type"), "")))
        if isinstance(now, str) and len(now) >= 32:  # a digest of source code
            return f"the code of {type} changed"
        return f"{type} version {before} -> {now}"
    return f"{visible(path[-1])} {before} -> {now}"


def _arrow(before: Any, now: Any) -> str:
    return f"{_said(before)} -> {_said(now)}"


def _said(value: Any) -> str:
    return "absent" if isinstance(value, _Missing) else shown(value, SIGNS)
