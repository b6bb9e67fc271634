"""What can be done with a workflow that is a Document in the end: check, save, run, draw."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from graphexec.build.running import RunOptions, Sessions, run
from graphexec.diagnostics.model import Diagnostic
from graphexec.document.model import Document
from graphexec.errors import UsageError

if TYPE_CHECKING:
    from graphexec.build.rendering import Rendering
    from graphexec.build.streaming import Stream
    from graphexec.execute.cancel import Cancel
    from graphexec.execute.events import Listener
    from graphexec.registry.loading import Pack
    from graphexec.registry.table import Registry

PathLike = str | os.PathLike[str]


class Runnable(ABC):
    """A workflow with the packs that it needs. Several threads may run one; its Session runs one thing at a time."""

    def __init__(self, packs: tuple[Pack, ...]) -> None:
        self.packs: tuple[Pack, ...] = packs
        self._sessions = Sessions()

    @property
    @abstractmethod
    def document(self) -> Document:
        """The workflow as a Document, which `Session`, `check` and the writers take."""

    @property
    def registry(self) -> Registry:
        """The node types that are known here: the built-in ones and those of the packs."""
        from graphexec.registry.loading import load_registry

        return load_registry(self.packs)

    def check(
        self,
        *,
        models: PathLike | Iterable[PathLike] | None = None,
        input: PathLike = "input",
        params: Mapping[str, Any] | None = None,
    ) -> list[Diagnostic]:
        """Return everything that is wrong, each at the line of the Python program that says it.

        Missing files are errors with `models`, else warnings.
        """
        from graphexec.api import check

        return check(self.document, models=models, input=input, nodes=self.packs, params=params)

    def save(self, path: PathLike) -> Path:
        """Write a file: YAML for `.yaml` and `.yml`, ComfyUI's API format for `.json`; return its path.

        Raises UsageError for other suffixes and for what the format cannot hold, such as parameters in JSON.
        """
        from graphexec.build.saving import save

        return save(self.document, self.registry, Path(path))

    def run(self, **options: Unpack[RunOptions]) -> Rendering:
        """Run the workflow, write its files and return what it gave.

        Takes what `Session` and `Session.run` take; `targets` are handles, nodes or texts. Runs with the same settings
        share a Session, so models stay loaded until `close`, or until the Workflow is gone; `session` gives another.
        Raises InvalidWorkflow before anything runs, with findings at the lines of the program, and RunFailed when a
        node failed.
        """
        return run(self, self._sessions, options)

    def run_each(self, sets: Iterable[Mapping[str, Any]], **options: Unpack[RunOptions]) -> Iterator[Rendering]:
        """Run once for each set of parameters, one after the other as they are asked for; what is shared runs once."""
        for params in sets:
            options["params"] = params
            yield self.run(**options)

    def stream(self, **options: Unpack[RunOptions]) -> Stream:
        """Return a run to be listened to: `async for event in wf.stream(...)`, or `await wf.stream(...)`."""
        from graphexec.build.streaming import Stream

        if options.get("listener") is not None or options.get("cancel") is not None:
            raise UsageError("a stream listens and cancels itself: it takes neither listener nor cancel")

        def start(listener: Listener, cancel: Cancel) -> Rendering:
            heard = options.copy()
            heard["listener"], heard["cancel"] = listener, cancel
            return self.run(**heard)

        return Stream(start, options.pop("deadline", None))

    def close(self) -> None:
        """Let go of the Session of earlier runs, with its models and results."""
        self._sessions.close()

    def _repr_svg_(self) -> str:
        """Return the drawing that a notebook shows."""
        from graphexec.graph.sketch import sketch
        from graphexec.graph.svg import svg

        return svg(sketch(self.document, self.registry))
