"""Masks against scipy, brute force and laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

torch = pytest.importorskip("torch")
from graphexec.diffusion import masks  # noqa: E402


def random_mask(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("tapered", [True, False])
@pytest.mark.parametrize("amount", [0, 1, 3, -1, -2, 30, -30])
def test_growing_is_scipys_morphology(amount, tapered):
    mask = random_mask(2, 11, 8)
    corner = 0 if tapered else 1
    footprint = np.array([[corner, 1, corner], [1, 1, 1], [corner, 1, corner]])
    wanted = mask.numpy().copy()
    step = ndimage.grey_dilation if amount > 0 else ndimage.grey_erosion
    for item in wanted:
        for _ in range(abs(amount)):
            item[:] = step(item, footprint=footprint)
    np.testing.assert_array_equal(masks.grow(mask, amount, tapered).numpy(), wanted)


@given(st.integers(0, 12), st.integers(0, 12), st.sampled_from(["multiply", "add", "subtract", "and", "or", "xor"]))
def test_combining_touches_only_the_overlap(x, y, operation):
    a, b = random_mask(1, 8, 9), random_mask(1, 4, 5, seed=1)
    result = masks.combine(a, b, x, y, operation)
    inside = torch.zeros(8, 9, dtype=torch.bool)
    inside[y : y + 4, x : x + 5] = True
    assert torch.equal(result[0][~inside], a[0][~inside])
    assert result.min() >= 0 and result.max() <= 1
    if operation in ("and", "or", "xor"):
        assert set(result[0][inside].tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [("multiply", 0.2), ("add", 1.0), ("subtract", 0.3), ("and", 0.0), ("or", 1.0), ("xor", 1.0)],
)
def test_operations(operation, wanted):
    a, b = torch.full((1, 1, 1), 0.7), torch.full((1, 1, 1), 0.4 if operation != "multiply" else 2 / 7)
    torch.testing.assert_close(masks.combine(a, b, 0, 0, operation), torch.full((1, 1, 1), wanted))


def test_feathering_fades_from_the_left_and_the_top():
    faded = masks.feather(torch.ones(1, 4, 6), 3, 2, 0, 0)
    torch.testing.assert_close(faded[0, -1], torch.tensor([1 / 3, 2 / 3, 1, 1, 1, 1]))
    torch.testing.assert_close(faded[0, :, -1], torch.tensor([0.5, 1, 1, 1]))


def test_feathering_at_the_far_side_is_shifted_by_one_as_in_comfyui():
    faded = masks.feather(torch.ones(1, 1, 6), 0, 0, 3, 0)
    torch.testing.assert_close(faded[0, 0], torch.tensor([1 / 3, 1, 1, 1, 1, 2 / 3]))


@given(st.tuples(*[st.integers(0, 20)] * 4))
def test_feathering_stays_in_range(sides):
    faded = masks.feather(torch.ones(1, 5, 7), *sides)
    assert faded.shape == (1, 5, 7) and faded.min() > 0 and faded.max() <= 1


@settings(max_examples=30)
@given(st.tuples(*[st.integers(0, 9)] * 4), st.integers(0, 8))
def test_outpainting_masks_pixel_by_pixel(padding, feathering):
    height, width = 11, 13
    left, top, right, bottom = padding
    mask = masks.outpaint(height, width, left, top, right, bottom, feathering)
    assert mask.shape == (1, height + top + bottom, width + left + right)
    for y in range(height + top + bottom):
        for x in range(width + left + right):
            i, j = y - top, x - left
            if not (0 <= i < height and 0 <= j < width):
                wanted = 1.0
            elif feathering * 2 < min(height, width) and feathering > 0:
                gaps = [(top, i), (bottom, height - i), (left, j), (right, width - j)]
                distance = min([gap for padded, gap in gaps if padded] or [math.inf])
                wanted = max(0.0, (feathering - distance) / feathering) ** 2
            else:
                wanted = 0.0
            assert math.isclose(mask[0, y, x], wanted, abs_tol=1e-6)


def test_colours_are_compared_in_eight_bits():
    image = torch.tensor([[[[1, 0.5019, 0], [1, 0.51, 0], [1.2, 0.5, -1]]]])
    assert masks.of_color(image, 0xFF8000).tolist() == [[[1.0, 0.0, 1.0]]]


@given(st.integers(0, 9), st.integers(16, 40), st.integers(16, 40))
def test_inpainting_prepares_grey_and_a_grown_mask(grow_by, height, width):
    pixels = torch.full((1, height, width, 3), 0.9)
    mask = torch.zeros(1, height, width)
    mask[:, 10:12, 9:11] = 1
    erased, noise_mask = masks.prepare_inpaint(pixels, mask, grow_by)
    h, w = height // 8 * 8, width // 8 * 8
    assert erased.shape == (1, h, w, 3) and noise_mask.shape == (1, 1, h, w)
    assert set(noise_mask.flatten().tolist()) <= {0.0, 1.0}
    grey = erased[0, :, :, 0] == 0.5
    assert torch.equal(grey, erased[0, :, :, 2] == 0.5)
    assert (erased[0, ~grey] - 0.9).abs().max() < 1e-6
    assert noise_mask[0, 0][grey].all()
    if grow_by <= 1:
        assert noise_mask.sum() == grey.sum()
    elif grey.sum() == 4:
        rows, columns = np.nonzero(noise_mask[0, 0].numpy())
        for extent, limit in ((rows, h), (columns, w)):
            size = extent.max() - extent.min() + 1
            assert size == 2 + grow_by - 1 or extent.min() == 0 or extent.max() == limit - 1
    assert torch.equal(pixels, torch.full_like(pixels, 0.9))
