"""What a run leaves behind: values by node and slot, what ran, what was reused, what failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphexec.ports import Artifact


@dataclass(frozen=True, slots=True)
class Failure:
    """A node that failed: its inputs in short form, the cause, and the traceback of a bug."""

    node: str
    node_type: str
    message: str
    inputs: Mapping[str, str]
    cause: BaseException
    is_bug: bool
    """False when the node raised NodeError: a mistake of the user, shown without a traceback."""


@dataclass(slots=True)
class Result:
    """The outcome of one run. `value` is the only call that may import torch.

    `executed` and `reused` are node ids in the order they finished, or in that of the plan if any ran in worker
    threads; `files` are the paths written (or found unchanged), in order.
    """

    executed: tuple[str, ...] = ()
    reused: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    blocked: tuple[str, ...] = ()
    artifacts: tuple[tuple[str, Artifact], ...] = ()
    """(node id, artifact) in the order of the plan; `report` places them."""
    files: tuple[str, ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()
    """(node id, message) in the order of the run; the id is empty where it concerns no node."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Seconds spent in the code of each executed node, its expansion included."""
    steps_reused: Mapping[str, int] = field(default_factory=dict)
    """Sampler steps of executed nodes that were not made again, because an earlier run had left their result."""
    _read: Callable[[str, int | str], Any] | None = None
    _ui: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    _describe: Callable[[], Mapping[str, Any]] = dict

    @property
    def report(self) -> Mapping[str, Any]:
        """What run.json holds. Made when it is asked for: it reads the files that were written."""
        return self._describe()

    def value(self, node: str, slot: int | str = 0) -> Any:
        """Return a socket value: the item itself, or a list where the output is a list or was list-mapped.

        Raises KeyError for an unknown node or slot and ValueReleased for a value freed after its last use.
        """
        if self._read is None:
            raise KeyError(f"node {node!r} did not run")
        return self._read(node, slot)

    def ui(self, node: str) -> Mapping[str, Any]:
        """Return what an output node shows (`{"images": [...]}`), or an empty mapping."""
        return self._ui.get(node, {})
