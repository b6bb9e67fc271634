"""A plan as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphexec.cli.graphs import build_graph
from graphexec.cli.sessions import Sessions
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.terminal import foreign_code, result
from graphexec.cli.workflows import resolve_argument
from graphexec.diagnostics.sanitize import visible
from graphexec.plan.model import Known, Step

if TYPE_CHECKING:
    from graphexec.api import Changes

SHORT = 12
"""Characters of a key that are shown: enough to compare two plans by eye."""


def show_plan(file: str, given: Mapping[str, Any], changes: Changes, *, as_json: bool) -> None:
    """Print the steps of the plan for a workflow. Raises InvalidWorkflow."""
    settings = settings_for(file, given)
    with Sessions() as sessions:
        session = sessions.of(settings)
        graph = build_graph(session, resolve_argument(file), changes)
        with foreign_code():
            plan = session.plan(graph)
    if as_json:
        result(json.dumps({"steps": [_entry(step) for step in plan.steps], "pruned": plan.pruned}, indent=2))
        return
    wide = max((len(visible(_name(step))) for step in plan.steps), default=0)
    for number, step in enumerate(plan.steps, 1):
        result(f"{number:>3}  {visible(_name(step)):<{wide}}  {visible(_key(step))}{_remark(step)}")
    if plan.pruned:
        result(f"not needed, because what they feed is reused: {', '.join(map(visible, plan.pruned))}")


def _name(step: Step) -> str:
    return f"{step.node.id}: {step.node.spec.type}"


def _key(step: Step) -> str:
    return step.key.digest[:SHORT] if isinstance(step.key, Known) else f"known only during the run: {step.key.reason}"


def _remark(step: Step) -> str:
    remarks = [("reused", step.cached), ("only if a lazy input asks for it", step.lazy)]
    return "".join(f"  ({text})" for text, holds in remarks if holds)


def _entry(step: Step) -> dict[str, Any]:
    known = isinstance(step.key, Known)
    return {
        "node": step.node.id,
        "type": step.node.spec.type,
        "key": step.key.digest if isinstance(step.key, Known) else None,
        "late": None if isinstance(step.key, Known) else step.key.reason,
        "reused": step.cached and known,
        "lazy": step.lazy,
    }
