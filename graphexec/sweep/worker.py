"""A worker process: opens a Session as it is told, runs the cells that come in on standard input, tells what happens.

The first line is the order (`session`, `source`, `previews`), each further line a cell or `stop`. When standard input
ends, so does the process at once: its parent is gone. Every change of a file is by rename, so nothing is left torn.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from graphexec.errors import GraphexecError, Interrupted
from graphexec.execute.cancel import Cancel
from graphexec.execute.events import Event
from graphexec.sweep.batches import Batched
from graphexec.sweep.cell_run import run_cell
from graphexec.sweep.messages import changes_of, event_fields, line, outcome_fields, source_of


def main() -> None:
    """Run the worker of this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the parent decides
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what node packs print is no message
    cancel, orders = Cancel(), SimpleQueue[dict[str, Any]]()
    first = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_listen, args=(sys.stdin.buffer, orders, cancel), daemon=True).start()
    try:
        _work(first, orders, cancel, out)
    except GraphexecError as error:
        out.write(line({"fatal": str(error)}))
    sys.stderr.flush()
    os._exit(0)  # at a normal exit Python would wait for the lock that the reading thread holds


def _listen(stream: BinaryIO, orders: SimpleQueue[dict[str, Any]], cancel: Cancel) -> None:
    for text in stream:
        order = json.loads(text)
        if "stop" in order:
            cancel.set(order["stop"])
        orders.put(order)
    os._exit(1)


def _work(first: dict[str, Any], orders: SimpleQueue[dict[str, Any]], cancel: Cancel, out: BinaryIO) -> None:
    from graphexec.api import Session
    from graphexec.document.load import read

    with Session(**first["session"]) as session:
        document, _ = read(source_of(first["source"]), session.registry)
        if document is None:
            raise GraphexecError("the workflow cannot be read any more")
        out.write(line({"ready": True}))
        while "stop" not in (order := orders.get()):

            def tell(event: Event, cell: int = order["cell"]) -> None:
                out.write(line({"cell": cell, "event": event_fields(event)}))

            try:
                outcome = run_cell(
                    session, document, order["cell"], changes_of(order["changes"]), Path(order["staging"]),
                    first["previews"], tell, cancel, Batched({}),
                )  # fmt: skip
            except Interrupted:
                return
            out.write(line({"cell": order["cell"], "outcome": outcome_fields(outcome)}))
