"""The layers that models are built of: torch's, without drawing initial weights, which files replace anyway.

Drawing them on the meta device would import torch's compiler, two seconds on some machines.
"""

from __future__ import annotations

from torch import nn


class Linear(nn.Linear):
    """A linear layer."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""


class Conv2d(nn.Conv2d):
    """A convolution."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""


class GroupNorm(nn.GroupNorm):
    """A group norm."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""


class LayerNorm(nn.LayerNorm):
    """A layer norm."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""


class Embedding(nn.Embedding):
    """An embedding table."""

    def reset_parameters(self) -> None:
        """Leave the weights as they are."""
