"""Where a run of a sampler can start: the checkpoints that earlier runs left, and those that it leaves itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Protocol

from torch import Tensor

from graphexec.diffusion.checkpoint_files import dump, parse
from graphexec.diffusion.drive import Checkpoint
from graphexec.hashing import digest

INTERVAL = 5.0
"""Seconds of sampling between two checkpoints."""

SHARE = 0.005
"""The part of a run's time that checkpoints on the way may take; slow stores get fewer."""

MOST = 8
"""Checkpoints on the way that one run keeps, evenly spread, for others that end earlier."""


class Blobs(Protocol):
    """Named data that outlive the process. `graphexec.store` implements it."""

    def load(self, key: str) -> bytes | None: ...
    def save(self, key: str, data: bytes) -> None: ...
    def drop(self, key: str) -> None: ...


def keys(identity: str, sigmas: Sequence[float], prefix_stable: bool) -> tuple[str, ...]:
    """The names of the checkpoints after 0, 1, ... N steps of a run over N + 1 levels.

    `identity` stands for all else that the run depends on. Each name tells the levels up to its step, so that all
    runs with these levels share it; or all levels, and is one for all steps, where the first steps depend on all.
    """
    if not prefix_stable:
        return (digest("checkpoint", [identity, list(sigmas)]),) * len(sigmas)
    names = [digest("prefix", [identity, sigmas[0]])]
    for sigma in sigmas[1:]:
        names.append(digest("prefix", [names[-1], sigma]))
    return tuple(names)


def lasting(sigmas: Sequence[float], last: int) -> frozenset[int]:
    """The steps whose checkpoints are worth keeping after a run that ends with step `last`.

    The end, and where it is at level 0 also the step before: a longer run has another level in that place.
    """
    return frozenset({last, last - 1} - {0}) if sigmas[last] == 0 else frozenset({last})


class Trail:
    """The checkpoints of one run, by the `keys` of its steps.

    The run ends with step `last` (None: unknown, the sampler has levels of its own). Checkpoints at the steps
    `lasting` stay for other runs to start from; without any, the run leaves nothing once it has ended. Tensors go to
    the device of `like`, the run's latent.
    """

    def __init__(
        self,
        blobs: Blobs,
        names: Sequence[str],
        like: Tensor,
        last: int | None = None,
        lasting: frozenset[int] = frozenset(),
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._blobs = blobs
        self._names = names
        self._like = like
        self._last = last
        self._lasting = lasting
        self._clock = clock
        self._saved = clock()
        self._pause = INTERVAL
        self._latest: Checkpoint | None = None
        self._passing: dict[int, str] = {}
        self._count = 0
        self._stride = 1

    def newest(self) -> Checkpoint | None:
        """The checkpoint to start from: the one with the most steps done, or None."""
        end = len(self._names) if self._last is None else self._last + 1
        for name in dict.fromkeys(reversed(self._names[1:end])):
            data = self._blobs.load(name)
            found = None if data is None else parse(data, name, self._like)
            if found is not None and (self._last is None or found.step <= self._last):
                return found
        return None

    def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint if it is time to, or if it is one that lasts."""
        lasting, self._latest = checkpoint.step in self._lasting, checkpoint
        if not lasting and self._clock() - self._saved < self._pause:
            return
        checkpoint.state.x.reshape(-1)[:1].cpu()  # what the device still has to do is no part of the cost
        started, name = self._clock(), self._name(checkpoint.step)
        self._blobs.save(name, dump(checkpoint, name))
        self._saved = self._clock()
        self._pause = max(INTERVAL, (self._saved - started) / SHARE)
        if not lasting:
            self._count += 1
            self._passing[self._count] = name
            self._thin_out()

    def interrupt(self) -> None:
        """Keep where the run stands, because it is stopped."""
        if self._latest is not None:
            self._pause = 0.0
            self.save(self._latest)

    def finish(self) -> None:
        """Forget what only this run could have gone on from."""
        if not self._lasting:
            self._blobs.drop(self._names[0])

    def _thin_out(self) -> None:
        """Keep the newest checkpoint on the way, and of the others each, each second, each fourth, ..."""
        if not self._lasting:
            return
        if len(self._passing) > MOST:
            self._stride *= 2
        for number in [*self._passing][:-1]:
            if number % self._stride:
                self._blobs.drop(self._passing.pop(number))

    def _name(self, step: int) -> str:
        return self._names[min(step, len(self._names) - 1)]
