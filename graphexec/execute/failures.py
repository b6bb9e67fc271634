"""A node's failure in words: which node, with what inputs, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphexec.errors import NodeError
from graphexec.execute.result import Failure
from graphexec.execute.tasks import Task

LONGEST = 80
"""Characters of a value in the short form."""


def failure(task: Task, tasks: Mapping[str, Task], cause: BaseException) -> Failure:
    """Describe why a task failed. A child of an expansion is reported under the node of the file."""
    known = isinstance(cause, NodeError)
    text = str(cause) or cause.__class__.__name__
    message = text if known else f"{cause.__class__.__name__}: {text}"
    if task.parent is not None:
        message = f"in its expansion, {task.node.spec.type}: {message}"
    root = tasks.get(task.root, task)
    return Failure(
        node=task.root,
        node_type=root.node.spec.type,
        message=message,
        inputs=_inputs(task, tasks),
        cause=cause,
        is_bug=not known,
    )


def _inputs(task: Task, tasks: Mapping[str, Task]) -> dict[str, str]:
    shown = {name: short(value) for name, value in task.node.params.items()}
    for name, edge in task.node.links.items():
        source = tasks[edge.node]
        outputs = source.entry.outputs if source.entry is not None else ()
        items = outputs[edge.slot] if edge.slot < len(outputs) else []
        value = short(items[0]) if len(items) == 1 else f"{len(items)} values" if source.done else "not computed"
        shown[name] = f"{value} (output {edge.slot} of node {edge.node})"
    return shown


def short(value: Any) -> str:
    """Return a value on one line: numbers and texts as they are, tensors by shape, containers by size."""
    if isinstance(value, str):
        text = repr(value)
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(value)} characters)"
    if value is None or isinstance(value, (int, float)):
        return repr(value)
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if shape is not None:
        try:
            return f"{kind}{tuple(shape)} {getattr(value, 'dtype', '')}".rstrip()
        except TypeError:
            return kind
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {short(item)}" for key, item in list(value.items())[:4]) + "}"
    if isinstance(value, (list, tuple)):
        return f"{kind} of {len(value)}"
    return kind
