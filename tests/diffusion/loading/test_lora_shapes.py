"""Shapes told by arithmetic are those that the formulas give."""

import math

import pytest
import torch

from graphexec.diffusion.loading.lora_deltas import delta
from graphexec.diffusion.loading.lora_shapes import delta_shape, fits

LOHA = {"hada_w1_a": (6, 2), "hada_w1_b": (2, 45), "hada_w2_a": (6, 3), "hada_w2_b": (3, 45)}
CORES = {"hada_t1": (2, 2, 3, 3), "hada_w1_a": (2, 6), "hada_w1_b": (2, 5)}
OTHER = {"hada_t2": (3, 4, 3, 3), "hada_w2_a": (3, 6), "hada_w2_b": (4, 5)}
GOOD = [
    {"up": (6, 4), "down": (4, 45)},
    {"up": (6, 4, 1, 1), "down": (4, 5, 3, 3)},
    {"up": (6, 4, 1, 1), "mid": (4, 7, 3, 3), "down": (7, 5, 1, 1)},
    {"up": (6, 4), "down": (4, 45), "alpha": (1,), "dora": (6, 1, 1, 1)},
    {"up": (6, 4), "down": (4, 45), "alpha": (), "dora": (1, 5, 1, 1), "diff_b": (6,)},
    LOHA,
    CORES | OTHER,
    {"lokr_w1": (2, 1), "lokr_w2": (3, 45)},
    {"lokr_w1": (2, 5), "lokr_w2": (3, 1, 3, 3)},
    {"lokr_w1_a": (2, 2), "lokr_w1_b": (2, 5), "lokr_w2_a": (3, 2), "lokr_w2_b": (2, 9)},
    {"lokr_w1": (2, 1), "lokr_w2_a": (3, 2), "lokr_w2_b": (2, 5, 3, 3)},
    {"lokr_w1": (2, 1), "lokr_t2": (2, 4, 3, 3), "lokr_w2_a": (2, 3), "lokr_w2_b": (4, 5)},
    {"diff": (6, 5, 3, 3)},
    {"diff": (270,), "diff_b": (6,)},
]


@pytest.mark.parametrize("shapes", GOOD)
def test_pieces_that_go_together(shapes):
    got = delta({name: torch.ones(shape) for name, shape in shapes.items()})
    assert math.prod(delta_shape(shapes)) == got.numel() == 270
    assert fits(shapes, (6, 5, 3, 3), (6,))
    assert not fits(shapes, (6, 6, 3, 3), (6,))
    assert not fits(shapes, None, (6,))
    assert fits(shapes, (6, 5, 3, 3), None) == ("diff_b" not in shapes)


@pytest.mark.parametrize("shapes", GOOD)
def test_a_piece_of_another_size_does_not_go_with_the_rest(shapes):
    """Whatever the formula cannot compute, or gives another size, is told beforehand."""
    for name, shape in shapes.items():
        for axis in range(len(shape)):
            wrong = {**shapes, name: (*shape[:axis], shape[axis] + 1, *shape[axis + 1 :])}
            if fits(wrong, (6, 5, 3, 3), (6,)):
                assert delta({piece: torch.ones(s) for piece, s in wrong.items()}).numel() == 270
