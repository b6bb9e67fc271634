"""What a node's body may ask of the run: files, policy, hidden values, progress, warnings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphexec.execute.cancel import Cancel
from graphexec.execute.events import Event, Listener
from graphexec.execute.hidden import Hidden, HiddenSources
from graphexec.ports import Blobs, Files, Hooks, Policy
from graphexec.store.blobs import MemoryBlobs


@dataclass(slots=True)
class Surroundings:
    """What all nodes of a run share. `resources` and `instances` live as long as the Session."""

    hooks: Hooks
    files: Files
    policy: Policy
    hidden: HiddenSources
    cancel: Cancel
    listener: Listener | None
    resources: dict[str, Any]
    instances: dict[tuple[str, str], Any]
    blobs: Blobs = field(default_factory=MemoryBlobs)
    warnings: list[tuple[str, str]] = field(default_factory=list)
    steps_reused: dict[str, int] = field(default_factory=dict)
    """Sampler steps that were not made again, by node."""

    def notice(self, message: str) -> None:
        """Tell the user something about the run that concerns no node."""
        self.warnings.append(("", message))
        if self.listener is not None:
            self.listener(Event("warning", message=message))


class NodeContext:
    """Implements ports.Context for one node; `shown_as` is the id that progress is reported under."""

    __slots__ = ("_around", "continuation", "node_id", "node_type", "shown_as")

    def __init__(
        self, around: Surroundings, node_id: str, node_type: str, shown_as: str, continuation: str | None = None
    ) -> None:
        self._around = around
        self.continuation = continuation
        self.node_id = node_id
        self.node_type = node_type
        self.shown_as = shown_as

    @property
    def files(self) -> Files:
        """The model and input files."""
        return self._around.files

    @property
    def policy(self) -> Policy:
        """The numeric policy."""
        return self._around.policy

    @property
    def hidden(self) -> Mapping[str, Any]:
        """Hidden values by marker."""
        return Hidden(self._around.hidden, self.node_id)

    @property
    def resources(self) -> dict[str, Any]:
        """Things that live as long as the Session."""
        return self._around.resources

    @property
    def instances(self) -> dict[tuple[str, str], Any]:
        """Objects of pack classes by node id and type."""
        return self._around.instances

    @property
    def blobs(self) -> Blobs:
        """Named data in the Session's cache."""
        return self._around.blobs

    def progress(self, done: int, total: int, preview: Callable[[], bytes] | None = None) -> None:
        """Report progress; raises Interrupted when the run is to stop. `preview` is for listeners that show one."""
        self._around.cancel.check()
        if self._around.listener is not None:
            self._tell(Event("progress", self.shown_as, self.node_type, done=done, total=total, preview=preview))

    def steps_reused(self, count: int) -> None:
        """Record that so many sampler steps were not made again."""
        before = self._around.steps_reused.get(self.shown_as, 0)
        self._around.steps_reused[self.shown_as] = before + count

    def check_cancelled(self) -> None:
        """Raise Interrupted when the run is to stop."""
        self._around.cancel.check()

    def warn(self, message: str) -> None:
        """Tell the user something that does not stop the run."""
        self._around.warnings.append((self.shown_as, message))
        self._tell(Event("warning", self.shown_as, self.node_type, message=message))

    def _tell(self, event: Event) -> None:
        if self._around.listener is not None:
            self._around.listener(event)
