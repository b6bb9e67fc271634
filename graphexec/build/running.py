"""Runs of built workflows: which Session, which targets, one set of parameters or several."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, TypedDict

from graphexec.build.handles import Handle
from graphexec.build.node import Node
from graphexec.build.rendering import Rendering, Wanted
from graphexec.errors import UsageError

if TYPE_CHECKING:
    from graphexec.api import Session
    from graphexec.build.runnable import Runnable
    from graphexec.document.model import Target
    from graphexec.execute.cancel import Cancel
    from graphexec.execute.events import Listener

PathLike = str | os.PathLike[str]


class Settings(TypedDict, total=False):
    """The arguments of a Session."""

    models: PathLike | Iterable[PathLike] | None
    input: PathLike
    output: PathLike
    cache: PathLike | None
    device: str
    dtype: str
    noise: str
    memory: int


class RunOptions(Settings, total=False):
    """What a run takes: a Session or the arguments of one, and what `Session.run` takes."""

    session: Session | None
    params: Mapping[str, Any] | None
    set: Mapping[str, Any] | None
    seed: int | None
    targets: Iterable[Wanted] | None
    listener: Listener | None
    cancel: Cancel | None
    deadline: float | None
    name: str | None
    previews: bool


class Sessions:
    """The Session of a workflow's runs: kept from run to run while the settings stay the same, so models stay warm."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: tuple[Any, Session] | None = None

    def get(self, settings: Settings, packs: tuple[Any, ...]) -> Session:
        """Return the Session of these settings; another one is closed."""
        from graphexec.api import Session

        models = settings.get("models")
        if models is not None and not isinstance(models, (str, os.PathLike)):
            settings = {**settings, "models": tuple(models)}
        key = (tuple(sorted(settings.items())), packs)
        with self._lock:
            if self._open is not None and self._open[0] == key:
                return self._open[1]
            session = Session(nodes=packs, **settings)
            old, self._open = self._open, (key, session)
        if old is not None:
            old[1].close()
        return session

    def close(self) -> None:
        """Let go of the Session."""
        with self._lock:
            old, self._open = self._open, None
        if old is not None:
            old[1].close()


def run(workflow: Runnable, sessions: Sessions, options: RunOptions) -> Rendering:
    """Run a workflow. Raises what `Session.run` raises, and UsageError for a Session together with its arguments."""
    given = dict(options)
    session: Session | None = options.get("session")
    settings: Any = {name: given.pop(name) for name in Settings.__annotations__ if name in given}
    given.pop("session", None)
    if session is None:
        session = sessions.get(settings, workflow.packs)
    elif settings:
        raise UsageError(f"a session has its own settings: {', '.join(settings)} cannot be given with it")
    wanted = options.get("targets")
    targets = None if wanted is None else [_target(workflow, item) for item in wanted]
    arguments: Any = given | {"targets": targets}
    return Rendering(session.run(workflow.document, **arguments), session)


def _target(workflow: Runnable, wanted: Wanted) -> str | Target:
    from graphexec.document.model import Target

    if isinstance(wanted, str):
        return wanted
    node, slot = (wanted.node, wanted.slot) if isinstance(wanted, Handle) else (wanted, None)
    if not isinstance(node, Node) or node.workflow is not workflow:
        raise UsageError(f"the target {wanted!r} is not of this workflow")
    return Target(node.id, slot)
