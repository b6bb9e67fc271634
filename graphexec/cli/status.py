"""Exit statuses, and how each exception becomes one with a message instead of a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import NoReturn

from graphexec.cli.terminal import say
from graphexec.errors import DeadlineExceeded, Drifted, GraphexecError, Interrupted, InvalidWorkflow, RunFailed


class Status(IntEnum):
    """What the program's exit status says."""

    DONE = 0
    INVALID = 1
    USAGE = 2
    NODE_FAILED = 3
    MISMATCH = 4
    DRIFT = 5
    BUG = 70
    IO_ERROR = 74
    DEADLINE = 124
    INTERRUPTED = 130
    BROKEN_PIPE = 141


@contextmanager
def exit_statuses() -> Iterator[None]:
    """Turn exceptions into a message on standard error and SystemExit; what is no mistake of the user passes."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _abandon_output()
        raise SystemExit(Status.BROKEN_PIPE) from None
    except KeyboardInterrupt:
        _stop(Status.INTERRUPTED, "interrupted")
    except (GraphexecError, OSError) as error:
        _stop(status_of(error), message_of(error))


def status_of(error: GraphexecError | OSError) -> Status:
    """Return the exit status that tells of `error`."""
    match error:
        case InvalidWorkflow():
            return Status.INVALID
        case RunFailed():
            return Status.NODE_FAILED
        case Drifted():
            return Status.DRIFT
        case DeadlineExceeded():
            return Status.DEADLINE
        case Interrupted():
            return Status.INTERRUPTED
        case OSError():
            return Status.IO_ERROR
        case _:
            return Status.USAGE


def message_of(error: GraphexecError | OSError) -> str:
    """Return what to tell a person about `error`, safe to show."""
    from graphexec.diagnostics.sanitize import visible

    if isinstance(error, (InvalidWorkflow, Drifted)):
        from graphexec.cli.findings import findings_text

        return findings_text(error.diagnostics)
    prefix = "" if isinstance(error, Interrupted) else "error: "
    return prefix + "\n".join(visible(line) for line in str(error).splitlines())


def stop_for_bug() -> NoReturn:
    """Show the traceback of the exception being handled, and exit."""
    import traceback

    traceback.print_exc()
    _stop(Status.BUG, "This is a bug in graphexec, not in your workflow: please report it with the lines above.")


def _stop(status: Status, message: str) -> NoReturn:
    say(message)
    raise SystemExit(status) from None


def _abandon_output() -> None:
    """Point standard output at nothing, so that the flush at exit cannot fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
