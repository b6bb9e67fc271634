"""A layered layout (Sugiyama, Tagawa, Toda 1981): columns by depth, order by barycentres, long arrows bent.

Columns run from left to right, in the direction of the data. An arrow that skips columns passes through a bend
in each of them, so that it goes around boxes instead of under them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from graphexec.graph.order import depth_first
from graphexec.graph.sketch import Sketch

SWEEPS = 8
MOST_BENDS = 20_000
"""Beyond this many, arrows are drawn straight: the drawing is past reading anyway, and time matters."""

Bend: TypeAlias = tuple[int, int]
"""The number of an arrow and a column that it passes through."""
Item: TypeAlias = "str | Bend"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things go: `columns` hold boxes (ids) and bends from top to bottom, `routes` the path of each arrow.

    A route lists the items from source to target. `tops` are vertical positions in the unit of the given heights.
    """

    columns: tuple[tuple[Item, ...], ...]
    routes: tuple[tuple[Item, ...], ...]
    tops: Mapping[Item, float]


def lay_out(drawn: Sketch, heights: Mapping[str, float], gap: float, most_bends: int = MOST_BENDS) -> Layout:
    """Return the layout of a sketch whose boxes have the given heights; `gap` is left between two of a column."""
    depth = _depths(drawn)
    routes = _routes(drawn, depth, most_bends)
    columns = _columns(depth, routes)
    before: dict[Item, list[Item]] = {}
    after: dict[Item, list[Item]] = {}
    for route in routes:
        for source, target in pairwise(route):
            before.setdefault(target, []).append(source)
            after.setdefault(source, []).append(target)
    for sweep in range(SWEEPS):
        if sweep % 2:
            _reorder(columns[-2::-1], columns[:0:-1], after)
        else:
            _reorder(columns[1:], columns[:-1], before)
    return Layout(tuple(map(tuple, columns)), routes, _tops(columns, heights, gap, before))


def _depths(drawn: Sketch) -> dict[str, int]:
    """Return the column of each box: one right of the rightmost box that feeds it. Backward links do not count."""
    feeds: dict[str, list[str]] = {box.id: [] for box in drawn.boxes}
    fed: dict[str, list[str]] = {box.id: [] for box in drawn.boxes}
    for arrow in drawn.arrows:
        feeds[arrow.target].append(arrow.source)
        fed[arrow.source].append(arrow.target)
    depth: dict[str, int] = {}
    for id in depth_first(feeds, ())[0]:
        depth[id] = max((depth[source] + 1 for source in feeds[id] if source in depth), default=0)
    for id in reversed(list(depth)):  # what feeds only boxes far to the right moves beside the nearest of them
        if not feeds[id] and fed[id]:
            depth[id] = max(0, min(depth[target] for target in fed[id]) - 1)
    return depth


def _routes(drawn: Sketch, depth: Mapping[str, int], most_bends: int) -> tuple[tuple[Item, ...], ...]:
    spans = sum(max(depth[a.target] - depth[a.source] - 1, 0) for a in drawn.arrows)
    bent = spans <= most_bends
    return tuple(
        (
            arrow.source,
            *((number, column) for column in range(depth[arrow.source] + 1, depth[arrow.target]) if bent),
            arrow.target,
        )
        for number, arrow in enumerate(drawn.arrows)
    )


def _columns(depth: Mapping[str, int], routes: Sequence[Sequence[Item]]) -> list[list[Item]]:
    columns: list[list[Item]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for id, column in depth.items():
        columns[column].append(id)
    for route in routes:
        for item in route[1:-1]:
            if not isinstance(item, str):
                columns[item[1]].append(item)
    return columns


def _reorder(
    columns: Sequence[list[Item]], fixed: Sequence[list[Item]], neighbours: Mapping[Item, Sequence[Item]]
) -> None:
    """Sort each column by the mean position of its neighbours in the column beside it."""
    for column, beside in zip(columns, fixed, strict=True):
        place = {item: index / max(len(beside) - 1, 1) for index, item in enumerate(beside)}
        own = {item: index / max(len(column) - 1, 1) for index, item in enumerate(column)}
        column.sort(key=lambda item: _mean([place[n] for n in neighbours.get(item, ()) if n in place], own[item]))


def _tops(
    columns: Sequence[Sequence[Item]],
    heights: Mapping[str, float],
    gap: float,
    before: Mapping[Item, Sequence[Item]],
) -> dict[Item, float]:
    """Place each item as near as the order allows to the middle of what feeds it."""
    tops: dict[Item, float] = {}
    middle: dict[Item, float] = {}
    for column in columns:
        floor = 0.0
        for item in column:
            height = heights[item] if isinstance(item, str) else 0.0
            wanted = _mean([middle[n] for n in before.get(item, ()) if n in middle], floor + height / 2)
            tops[item] = max(floor, wanted - height / 2)
            middle[item] = tops[item] + height / 2
            floor = tops[item] + height + gap
    return tops


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
