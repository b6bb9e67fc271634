"""Canny edges: against the algorithm written out place by place, and on figures whose edges are known."""

import math

import numpy as np
import pytest
from scipy import ndimage

torch = pytest.importorskip("torch")
from graphexec.diffusion.edges import canny  # noqa: E402


def written_out(grey, low, high):
    """Canny's four steps with loops; float64."""
    line = np.exp(-(np.arange(-2, 3) ** 2) / 2)
    blurred = grey.astype(np.float64)
    for axis in (0, 1):
        blurred = ndimage.correlate1d(blurred, line / line.sum(), axis=axis, mode="mirror")
    down, right = (ndimage.sobel(blurred, axis=axis, mode="nearest") for axis in (0, 1))
    size = np.pad(np.sqrt(right**2 + down**2 + 1e-6), 1)
    height, width = grey.shape
    thin = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            turn = round(math.degrees(math.atan2(down[y, x], right[y, x])) / 45) * math.pi / 4
            dy, dx = round(math.sin(turn)), round(math.cos(turn))
            here = size[y + 1, x + 1]
            if here > size[y + 1 + dy, x + 1 + dx] and here > size[y + 1 - dy, x + 1 - dx]:
                thin[y, x] = here
    edges = thin > high
    while True:
        grown = edges | (ndimage.maximum_filter(edges, size=3, mode="constant") & (thin > low))
        if (grown == edges).all():
            return edges
        edges = grown


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.3), (0.4, 0.8), (0.5, 0.5)])
def test_the_algorithm_written_out(low, high):
    grey = ndimage.gaussian_filter(np.random.default_rng(3).random((40, 33)), 1.5)
    grey = ((grey - grey.min()) / (grey.max() - grey.min())).astype(np.float32)
    wanted = written_out(grey, low, high)
    assert 20 < wanted.sum() < 700
    found = canny(torch.from_numpy(grey)[None, :, :, None].repeat(1, 1, 1, 3), low, high)
    assert found.shape == (1, 40, 33, 3) and set(found.unique().tolist()) == {0.0, 1.0}
    assert (found[0, :, :, 0].numpy() == wanted).mean() > 0.999


def test_a_ramp_has_its_edge_where_it_is_steepest():
    image = torch.zeros(2, 16, 24, 3)
    image[1, :, 12] = 0.5
    image[1, :, 13:] = 1.0
    edges = canny(image, 0.4, 0.8)
    assert not edges[0].any()
    assert edges[1, :, 12].all() and edges[1].sum() == 16 * 3


def test_weak_edges_count_only_where_they_touch_strong_ones():
    image = torch.zeros(1, 30, 30, 3)
    image[:, 2:, 10] = 0.5
    image[:, 2:, 11:] = torch.linspace(1.0, 0.05, 28)[None, :, None, None]  # a step that fades downwards
    image[:, :, 10] = image[:, :, 11] / 2
    strong, weak = canny(image, 0.8, 0.8).sum(), canny(image, 0.2, 0.8).sum()
    assert weak > strong > 0
    assert not canny(image * 0.15, 0.2, 0.8).any()
