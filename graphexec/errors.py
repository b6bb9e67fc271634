"""The exceptions that graphexec raises on purpose; every other exception is a bug or an I/O failure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graphexec.diagnostics.model import Diagnostic
    from graphexec.execute.result import Result


class GraphexecError(Exception):
    """Base of every exception that graphexec raises on purpose."""


class InvalidWorkflow(GraphexecError):
    """The workflow has errors, so nothing was executed. `diagnostics` holds all findings, warnings included."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("\n".join(str(d) for d in self.diagnostics))


class Drifted(GraphexecError):
    """What a workflow was locked with is not what is there now. `diagnostics` holds all differences."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("\n".join(str(d) for d in self.diagnostics))


class RunFailed(GraphexecError):
    """At least one node failed. `result` holds what finished, and the failures with their causes."""

    def __init__(self, message: str, result: Result) -> None:
        self.result = result
        super().__init__(message)


class Interrupted(GraphexecError):
    """The run was stopped from outside (Ctrl-C, SIGTERM). `result` holds what finished, once known."""

    def __init__(self, message: str = "interrupted", result: Result | None = None) -> None:
        self.result = result
        super().__init__(message)


class DeadlineExceeded(Interrupted):
    """The run was stopped because its time was over."""


class ValueReleased(GraphexecError):
    """The value was freed after its last use; the message names the `targets=` entry that would keep it."""


class UsageError(GraphexecError):
    """A wrong argument of a call or on the command line (exit status 2)."""


class NodeError(GraphexecError):
    """Raised by a node's body for a mistake of the user: its message is shown without a traceback."""
