"""Metrics against scikit-image, and ULPs against Python's own next representable number."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from graphexec.imaging.metrics import difference, psnr, ssim

RNG = np.random.default_rng(5)


def pair(shape, spread):
    first = RNG.integers(0, 256, shape).astype(np.uint8)
    noise = RNG.integers(-spread, spread + 1, shape)
    return first, np.clip(first + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("spread", [1, 20, 200])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_psnr_and_ssim_agree_with_scikit_image(spread, channels):
    first, second = pair((1, 40, 61, channels), spread)
    wanted = structural_similarity(
        first[0], second[0], channel_axis=-1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        data_range=255,
    )  # fmt: skip
    assert ssim(first, second) == pytest.approx(wanted, abs=1e-9)
    assert psnr(first, second) == pytest.approx(peak_signal_noise_ratio(first, second, data_range=255), abs=1e-9)


def test_equal_pictures_are_alike_without_limit_and_small_ones_can_be_compared():
    tiny = RNG.integers(0, 256, (2, 1, 3, 3)).astype(np.uint8)
    assert psnr(tiny, tiny) == math.inf and ssim(tiny, tiny) == pytest.approx(1)
    assert ssim(tiny, 255 - tiny) < 0.9


def test_the_worst_frame_counts():
    frames, _ = pair((2, 30, 30, 3), 1)
    broken = frames.copy()
    broken[1] = 255 - broken[1]
    assert ssim(frames, broken) < 0.5


def test_one_pixel_off_by_one_is_seen():
    first, _ = pair((1, 8, 8, 3), 1)
    second = first.copy()
    second[0, 3, 4, 1] ^= 1
    found = difference(first, second, channels=True)
    assert (found.max_error, found.count, found.differing) == (1, 1, 1 / 64)
    assert difference(first, second, max_error=1, channels=True).count == 0


def test_unsigned_values_do_not_wrap():
    assert difference(np.array([0], np.uint8), np.array([255], np.uint8), channels=False).max_error == 255


@given(st.floats(width=32, allow_nan=False, allow_infinity=False, max_value=2.0**100), st.integers(0, 50))
def test_ulps_count_representable_numbers(start, steps):
    end = np.float32(start)
    for _ in range(steps):
        end = np.nextafter(end, np.float32(np.inf))
    expected, actual = np.array([start], np.float32), np.array([end], np.float32)
    found = difference(expected, actual, channels=False)
    assert found.max_ulps == steps
    assert difference(expected, actual, max_ulps=steps, channels=False).count == 0
    assert not steps or difference(expected, actual, max_ulps=steps - 1, channels=False).count == 1


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_ulps_across_the_whole_range_do_not_overflow(kind):
    top = np.finfo(kind).max
    assert difference(np.array([-top], kind), np.array([top], kind), channels=False).max_ulps > 2**14
    assert difference(np.array([-0.0], kind), np.array([0.0], kind), channels=False).max_error == 0


def test_what_is_not_finite_equals_only_itself():
    odd = np.array([np.nan, np.inf, -np.inf, 1], np.float32)
    assert difference(odd, odd, channels=False).count == 0
    found = difference(odd, np.zeros(4, np.float32), 1e9, 10, channels=False)
    assert (found.count, found.max_error) == (3, math.inf)


def test_nothing_differs_in_nothing():
    empty = np.zeros((0, 4), np.float32)
    assert difference(empty, empty, channels=False).count == 0
