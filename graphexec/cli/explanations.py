"""Explanations as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from graphexec.cli.graphs import build_graph
from graphexec.cli.sessions import Sessions
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.terminal import foreign_code, result
from graphexec.cli.workflows import resolve_argument
from graphexec.diagnostics.sanitize import visible
from graphexec.diagnostics.suggest import nearest
from graphexec.errors import UsageError

if TYPE_CHECKING:
    from graphexec.api import Changes
    from graphexec.plan.explanation import Explanation


def show_explanation(file: str, node: str | None, given: Mapping[str, Any], changes: Changes, *, as_json: bool) -> None:
    """Print why nodes would run or be reused. Raises InvalidWorkflow, and UsageError for an unknown node."""
    settings = settings_for(file, given)
    with Sessions() as sessions:
        session = sessions.of(settings)
        graph = build_graph(session, resolve_argument(file), changes)
        with foreign_code():
            explained = session.explain(graph)
    if node is not None:
        explained = (_one(explained, node),)
    if as_json:
        result(json.dumps({"nodes": [asdict(one) for one in explained]}, indent=2))
    elif node is not None:
        _show_one(explained[0])
    else:
        _show_all(explained)


def _one(explained: Sequence[Explanation], node: str) -> Explanation:
    for one in explained:
        if one.node == node:
            return one
    known = [one.node for one in explained]
    hint = f"; did you mean {guess[0]!r}?" if (guess := nearest(node, known, 1)) else ""
    raise UsageError(f"no node {node!r} is needed for what the workflow makes{hint}")


def _show_all(explained: Sequence[Explanation]) -> None:
    names = [visible(f"{one.node}: {one.type}") for one in explained]
    wide = max(map(len, names), default=0)
    statuses = max((len(one.status) for one in explained), default=0)
    for name, one in zip(names, explained, strict=True):
        result(f"{name:<{wide}}  {one.status:<{statuses}}  {one.text}")
        if one.hint:
            result(f"{'':<{wide}}  {'':<{statuses}}  {one.hint}")


def _show_one(one: Explanation) -> None:
    """Print everything that is known of one node."""
    result(visible(f"{one.node}: {one.type}  {one.status}"))
    result(one.text)
    if len(one.differences) > 1:
        for difference in one.differences:
            result(f"  {difference.text}")
    if one.hint:
        result(one.hint)
    if one.when is not None:
        when = datetime.fromtimestamp(one.when).astimezone().isoformat(" ", "seconds")
        result(f"compared with a run of {when}")
    if one.key:
        result(f"key {one.key}")
