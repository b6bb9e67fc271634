"""A team of training processes, one a core, that share every batch and average their gradients."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, distributed
from torch.multiprocessing.spawn import spawn


@dataclass(frozen=True, slots=True)
class Team:
    """This process's number, and how many there are."""

    rank: int = 0
    size: int = 1

    def share(self, batch: Tensor) -> Tensor:
        """This process's part of a batch: every `size`-th row."""
        return batch[self.rank :: self.size]

    def average(self, parameters: Iterable[Tensor]) -> None:
        """Put the mean of all processes' gradients in the place of this one's."""
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        means = torch.split(flat / self.size, [gradient.numel() for gradient in gradients])
        for gradient, mean in zip(gradients, means):
            gradient.copy_(mean.view_as(gradient))


def work_together(size: int, meeting: Path, task: Callable[[Team], None]) -> None:
    """Run `task`, which can be pickled, in so many processes that meet through a file. One process: in this one."""
    if size == 1:
        task(Team())
        return
    meeting.unlink(missing_ok=True)
    spawn(_member, (size, str(meeting.absolute()), task), nprocs=size)  # type: ignore[no-untyped-call]
    meeting.unlink(missing_ok=True)


def _member(rank: int, size: int, meeting: str, task: Callable[[Team], None]) -> None:
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=size)
    torch.set_num_threads(1)
    task(Team(rank, size))
    distributed.destroy_process_group()
