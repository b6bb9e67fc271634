"""A model without weights: enough of a MODEL handle to sample with, whose answers can be worked out by hand."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from graphexec.diffusion.model import Inputs, LatentFormat
from graphexec.diffusion.parameterization import X0, Eps
from graphexec.diffusion.schedules import scaled_linear
from graphexec.ports import Policy
from graphexec.store.blobs import MemoryBlobs

SD = scaled_linear()


@dataclass(frozen=True)
class Echo:
    """A network whose estimate at every cell is the mean of its context; records its calls."""

    calls: list[Inputs] = field(default_factory=list)

    def __call__(self, inputs: Inputs) -> Tensor:
        self.calls.append(inputs)
        return inputs.context.mean(dim=(1, 2))[:, None, None, None].expand_as(inputs.x)


@dataclass(frozen=True)
class Pointwise:
    """A smooth network that mixes no items of the batch: eps = tanh of x, the timestep and the context."""

    calls: list[Inputs] = field(default_factory=list)

    def __call__(self, inputs: Inputs) -> Tensor:
        self.calls.append(inputs)
        shift = inputs.context.mean(dim=(1, 2)) + inputs.timestep / 1000
        return (inputs.x * 0.8 + shift[:, None, None, None]).tanh()


@dataclass(frozen=True)
class Toy:
    """The handle: 4 channels, no vector conditioning, the schedule of Stable Diffusion."""

    net: object
    parameterization: object = field(default_factory=X0)
    patches: tuple = ()
    concat_channels: int = 0
    schedule: object = SD
    latent_format: LatentFormat = field(default_factory=lambda: LatentFormat(scale=0.5))
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    dtype: torch.dtype = torch.float32
    identity: str | None = None

    def network(self):
        return self.net

    def most_rows(self, height, width):
        return None

    def make_room(self, rows, height, width):
        return None

    def vector(self, options, width, height, negative=False):
        return None


def echoing(**fields) -> Toy:
    """A model that answers with the mean of the context."""
    return Toy(Echo(), X0(), **fields)


def pointwise(**fields) -> Toy:
    """A model that predicts noise, item by item."""
    return Toy(Pointwise(), Eps(), **fields)


def says(value: float, length: int = 3, **options) -> list:
    """A conditioning of one entry, whose context has this mean."""
    return [[torch.full((1, length, 2), float(value)), options]]


@dataclass
class Bench:
    """What a run of a workflow is to sampling; `stop_at` is the step that it is killed at. Records what it is told."""

    blobs: object = field(default_factory=MemoryBlobs)
    policy: Policy = field(default_factory=Policy)
    stop_at: int | None = None
    stop: type[BaseException] = KeyboardInterrupt
    reused: int = 0
    continuation: str | None = None
    done: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def progress(self, done, total, preview=None):
        self.done.append(done)
        if done == self.stop_at:
            raise self.stop

    def warn(self, message):
        self.warnings.append(message)

    def steps_reused(self, count):
        self.reused += count
