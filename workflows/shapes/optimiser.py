"""The optimiser: Muon for matrices and convolutions, AdamW for everything else."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ROUNDS = 5


def orthogonalised(update: Tensor) -> Tensor:
    """The matrix `(m, n)` with the same singular vectors and singular values near 1, by Newton-Schulz iteration.

    From Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon).
    """
    a, b, c = COEFFICIENTS
    tall = update.shape[0] > update.shape[1]
    x = (update.T if tall else update).bfloat16()
    x = x / (x.norm() + 1e-7)
    for _ in range(ROUNDS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    made: Tensor = (x.T if tall else x).float()
    return made


class Muon(torch.optim.Optimizer):
    """Momentum whose step is made orthogonal; weights of more than two dimensions count as matrices of their rows."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, momentum: float = 0.95) -> None:
        super().__init__(list(parameters), {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                momentum = state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
                ahead = parameter.grad.lerp(momentum, group["momentum"]).flatten(1)
                scale = 0.2 * max(ahead.shape) ** 0.5  # the root mean square of AdamW's steps (Liu et al. 2025)
                step = orthogonalised(ahead).reshape(parameter.shape)
                parameter.sub_(step, alpha=group["lr"] * scale)


class Optimiser:
    """Both optimisers over the parameters of some modules, as one. `lr` is that of both."""

    def __init__(self, modules: Iterable[nn.Module], lr: float, plain: Iterable[Tensor] = ()) -> None:
        skipped = {id(parameter) for parameter in plain}
        every = [parameter for module in modules for parameter in module.parameters() if parameter.requires_grad]
        matrices = [p for p in every if p.ndim >= 2 and id(p) not in skipped]
        others = [p for p in every if p.ndim < 2 or id(p) in skipped]
        self.lr = lr
        self.parts: tuple[torch.optim.Optimizer, ...] = (
            Muon(matrices, lr),
            torch.optim.AdamW(others, lr, betas=(0.9, 0.98), weight_decay=0.0),
        )

    def step(self, factor: float) -> None:
        """Take a step with the learning rate times `factor`, and clear the gradients."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = self.lr * factor
            part.step()
            part.zero_grad(set_to_none=True)

    def state(self) -> list[dict[str, object]]:
        """What to keep, to go on later."""
        return [part.state_dict() for part in self.parts]

    def restore(self, state: list[dict[str, object]]) -> None:
        """Go on from a kept state."""
        for part, kept in zip(self.parts, state):
            part.load_state_dict(kept)


def warm_and_cool(step: int, steps: int, warm: int = 20, cool: float = 0.35) -> float:
    """The learning rate's factor at a step: up over `warm` steps, level, then down to 0 over the last part `cool`."""
    return min(1.0, (step + 1) / warm, (steps - step) / max(1.0, cool * steps))
