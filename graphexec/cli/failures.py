"""A node's failure for a person: which node, with what inputs, and why."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from graphexec.diagnostics.sanitize import visible

if TYPE_CHECKING:
    from graphexec.execute.result import Failure


def failure_text(failure: Failure, *, debug: bool) -> str:
    """Return the lines to print, safe to show; with `debug` or for a bug of ours, the traceback is among them."""
    lines = [f"error: node {failure.node} ({failure.node_type}) failed: {failure.message}"]
    lines += [f"    {name} = {value}" for name, value in failure.inputs.items()]
    if debug:
        trace = "".join(traceback.format_exception(failure.cause))
        lines += [f"    | {line}" for line in trace.splitlines()]
    elif failure.is_bug:
        lines.append("    --debug shows where in the node's code")
    return "\n".join(map(visible, lines))
