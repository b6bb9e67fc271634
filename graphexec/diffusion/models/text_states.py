"""Text states as the cross-attention layers of a UNet read them: the same at every step, so projected once a run.

What a UNet makes of x before it first reads the text is the same for all conditions, so it may be made once as well.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

import torch
from torch import Tensor

MOST = 8
"""Contexts that a run's memory holds: more are asked with in turn only where many areas have texts of their own."""


class Projects(Protocol):
    """A cross-attention layer."""

    def projected(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]: ...


class TextStates:
    """Text states `(B, S, D)`, and what layers made of them: keys and values `(B, S, width)`. Not to be written to."""

    def __init__(self, states: Tensor) -> None:
        self.states = states
        self._made: dict[Projects, tuple[Tensor, Tensor]] = {}

    def projected(self, layer: Projects) -> tuple[Tensor, Tensor]:
        """The keys and values of a layer."""
        if layer not in self._made:
            self._made[layer] = layer.projected(self.states, self.states)
        return self._made[layer]


def per_text(x: Tensor, texts: int) -> Tensor:
    """x `(B, ...)` as `(texts, ...)`: copies for the conditions that share it, of which there are `texts / B`."""
    copies = texts // x.shape[0]
    return x if copies == 1 else torch.cat([x] * copies)


class TextMemory:
    """The text states that a network was asked with lately; it lives as long as a run, weights do not change in it.

    A context is told by being the same tensor, which nobody writes to.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[int, tuple[Tensor, TextStates]] = OrderedDict()

    def of(self, context: Tensor, device: torch.device, dtype: torch.dtype) -> TextStates:
        """The states of a context `(B, S, D)`, on the device and in the type of the weights."""
        if id(context) not in self._known:
            # The context is held with its states, so that no other tensor gets its id.
            self._known[id(context)] = context, TextStates(context.to(device, dtype))
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(id(context))
        return self._known[id(context)][1]
