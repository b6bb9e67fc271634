"""Sequential offload: weights stay in the host's memory, and each layer's are on the device while it computes.

The next layer's copy runs beside the computation, on a stream of its own, from pinned memory. At most the weights of
two layers are on the device. The arithmetic is that of weights that are there all the time, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from graphexec.diffusion.devices import Placement

Weights = dict[str, Tensor]


def wanted(weight_bytes: int, placement: Placement) -> bool:
    """Whether a network is to be offloaded: its weights leave less than a quarter of a GPU's budget for the work."""
    return placement.device.type == "cuda" and placement.memory is not None and weight_bytes > 0.75 * placement.memory


class Mover(Protocol):
    """Moves weights between host and device."""

    def pinned(self, weight: Tensor) -> Tensor:
        """The weight in host memory that copies can be made from while the device computes."""

    def send(self, weights: Weights) -> Callable[[], Weights]:
        """Begin to copy weights to the device; the function that is returned waits for them."""


class CudaMover:
    """Copies on a side stream. A compute stream waits for them, the host does not."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def pinned(self, weight: Tensor) -> Tensor:
        """A copy in page-locked memory."""
        return weight.pin_memory()

    def send(self, weights: Weights) -> Callable[[], Weights]:
        """Begin to copy, behind what the side stream has to do."""
        with torch.cuda.stream(self.stream):
            sent = {name: weight.to(self.device, non_blocking=True) for name, weight in weights.items()}
        done = self.stream.record_event()

        def wait() -> Weights:
            computing = torch.cuda.current_stream(self.device)
            computing.wait_event(done)
            for weight in sent.values():
                weight.record_stream(computing)  # its memory is not given away before the computation is done
            return sent

        return wait


class Offload:
    """The layers of a module in the order that they run, with their weights in host memory."""

    def __init__(self, layers: Sequence[nn.Module], mover: Mover) -> None:
        self._mover = mover
        self._layers = layers
        self._host: list[Weights] = []
        self._under_way: dict[int, Callable[[], Weights]] = {}
        for number, layer in enumerate(layers):
            self._host.append({name: mover.pinned(weight) for name, weight in layer.named_parameters()})
            self._put(number, self._host[number])  # what it was read into is free before the next is copied
            layer.register_forward_pre_hook(self._arrive(number))
            layer.register_forward_hook(self._leave(number))

    def _arrive(self, number: int) -> Callable[[nn.Module, Any], None]:
        def before(layer: nn.Module, inputs: Any) -> None:
            self._send(number)
            self._put(number, self._under_way.pop(number)())
            self._send((number + 1) % len(self._layers))  # beside what this layer now computes

        return before

    def _leave(self, number: int) -> Callable[[nn.Module, Any, Any], None]:
        def after(layer: nn.Module, inputs: Any, output: Any) -> None:
            self._put(number, self._host[number])

        return after

    def _send(self, number: int) -> None:
        if number not in self._under_way:
            self._under_way[number] = self._mover.send(self._host[number])

    def _put(self, number: int, weights: Weights) -> None:
        for name, weight in weights.items():
            place, _, last = name.rpartition(".")
            self._layers[number].get_submodule(place)._parameters[last] = nn.Parameter(weight, requires_grad=False)


def offloaded(module: nn.Module, layers: Sequence[nn.Module], device: torch.device, mover: Mover) -> Offload:
    """Offload the layers of a module in host memory; its other parts go to the device for good."""
    inside = {id(weight) for layer in layers for weight in layer.parameters()}
    for part in module.modules():
        for name, weight in part._parameters.items():
            if weight is not None and id(weight) not in inside:
                part._parameters[name] = nn.Parameter(weight.to(device), requires_grad=False)
    return Offload(layers, mover)
