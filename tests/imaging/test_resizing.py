"""Lanczos resampling."""

import numpy as np
import pytest

from graphexec.imaging.resizing import lanczos


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_same_size_changes_nothing_but_the_levels(channels):
    pixels = np.random.default_rng(1).integers(0, 256, (9, 6, channels)).astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(lanczos(pixels, 6, 9), pixels)


def test_a_sine_below_the_new_limit_is_kept():
    x = np.arange(128, dtype=np.float32)
    wave = 0.5 + 0.3 * np.sin(2 * np.pi * x / 32)
    pixels = np.repeat(np.repeat(wave[None, :, None], 8, 0), 3, 2).astype(np.float32)
    half = lanczos(pixels, 64, 8)
    centres = (np.arange(64) + 0.5) * 2 - 0.5
    wanted = 0.5 + 0.3 * np.sin(2 * np.pi * centres / 32)
    np.testing.assert_allclose(half[4, 4:-4, 0], wanted[4:-4], atol=0.01)
