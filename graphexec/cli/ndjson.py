"""Events as NDJSON on standard output: one JSON object a line, in the order in which things happened."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphexec.diagnostics.model import Diagnostic
    from graphexec.execute.events import Event


class EventLines:
    """A listener that writes each event with the name of its workflow; fields without a value are left out.

    Writes to what is standard output when it is made: during the run that is something else.
    """

    def __init__(self, workflow: str) -> None:
        self._workflow = workflow
        self._stream = sys.stdout

    def __call__(self, event: Event) -> None:
        self._write(event.kind, event_fields(event))

    def diagnostics(self, findings: Sequence[Diagnostic]) -> None:
        """Write findings, as `check --format json` lists them, each as an event of kind `diagnostic`."""
        from graphexec.diagnostics.render_json import render_json

        for entry in json.loads(render_json(findings))["diagnostics"]:
            self._write("diagnostic", entry)

    def _write(self, kind: str, fields: dict[str, Any]) -> None:
        line = {"event": kind, "workflow": self._workflow} | fields
        self._stream.write(json.dumps(line, default=str) + "\n")
        self._stream.flush()


def event_fields(event: Event) -> dict[str, Any]:
    """Return what an event tells, without fields that have no value."""
    fields = {"node": event.node, "node_type": event.node_type, "done": event.done, "total": event.total,
              "seconds": event.seconds, "message": event.message}  # fmt: skip
    present = {name: value for name, value in fields.items() if value is not None}
    return present | ({"data": dict(event.data)} if event.data else {})
