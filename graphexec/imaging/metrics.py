"""How much two arrays differ: absolute error, ULPs, PSNR and SSIM."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]

_SIGMA, _TRUNCATE = 1.5, 3.5
_BORDER = int(_TRUNCATE * _SIGMA + 0.5)
"""Pixels at the edge whose window reaches over it: left out of the mean where the picture is large enough."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How two arrays of one shape and type differ.

    `max_error` is the largest absolute difference, in units of the values; infinite where only one of two is finite.
    `max_ulps` counts the representable numbers between the two that are farthest apart (0 for integers).
    `differing` is the fraction of positions beyond the tolerance; a position of a picture is a pixel of a frame.
    """

    max_error: float
    max_ulps: int
    differing: float
    count: int
    """Positions beyond the tolerance."""


def difference(
    expected: Array, actual: Array, max_error: float = 0.0, max_ulps: int = 0, *, channels: bool
) -> Difference:
    """Compare arrays of one shape and type. Values are apart when beyond `max_error` and beyond `max_ulps`.

    With `channels` the last axis is that of a pixel's channels. Equal NaNs and equal infinities are no difference.
    """
    if expected.size == 0:
        return Difference(0.0, 0, 0.0, 0)
    wide_expected, wide_actual = expected.astype(np.float64), actual.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(wide_expected - wide_actual)
    same = (expected == actual) | (np.isnan(wide_expected) & np.isnan(wide_actual))
    error = np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))
    apart: Array = np.asarray(error > max_error)
    ulps = np.zeros(1, np.uint64)
    if expected.dtype.kind == "f":
        ulps = np.where(same, np.uint64(0), _ulps(expected, actual))
        apart = apart & (ulps > np.uint64(max_ulps))
    if channels:
        apart = np.asarray(apart.any(axis=-1))
    count = int(apart.sum())
    return Difference(float(error.max()), int(ulps.max()), count / apart.size, count)


def _ulps(first: Array, second: Array) -> NDArray[np.uint64]:
    """Return how many representable numbers lie between floats: the distance of their bits in order of value."""
    width = first.dtype.itemsize
    lowest = np.int64(-(2 ** (8 * width - 1)))
    places = []
    for values in (first, second):
        raw = np.ascontiguousarray(values).view(f"i{width}").astype(np.int64)
        places.append(np.where(raw < 0, lowest - raw, raw))
    low, high = np.minimum(*places), np.maximum(*places)
    return high.astype(np.uint64) - low.astype(np.uint64)  # modulo 2^64, which no distance reaches


def psnr(expected: Array, actual: Array) -> float:
    """Return the peak signal-to-noise ratio in dB of pictures in 0..255; infinite for equal ones."""
    mean_square = float(np.mean((expected.astype(np.float64) - actual.astype(np.float64)) ** 2))
    return math.inf if mean_square == 0 else 10 * math.log10(255.0**2 / mean_square)


def ssim(expected: Array, actual: Array) -> float:
    """Return the structural similarity of pictures `(frames, H, W, C)` in 0..255: 1 for equal ones; the worst frame's.

    Wang, Bovik, Sheikh, Simoncelli 2004 (doi 10.1109/TIP.2003.819861): Gaussian window with sigma 1.5 and 11 pixels,
    K1 = 0.01, K2 = 0.03, the mean over channels and over all pixels whose window lies inside the picture.
    """
    return min(
        float(np.mean([_ssim_plane(a[..., c], b[..., c]) for c in range(a.shape[-1])]))
        for a, b in zip(expected.astype(np.float64), actual.astype(np.float64), strict=True)
    )


def _ssim_plane(x: Array, y: Array) -> float:
    from scipy.ndimage import gaussian_filter

    def blurred(plane: Array) -> Array:
        made: Array = gaussian_filter(plane, _SIGMA, truncate=_TRUNCATE)
        return made

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_x, mean_y = blurred(x), blurred(y)
    var_x, var_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
    covariance = blurred(x * y) - mean_x * mean_y
    above = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    below = (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
    similarity = above / below
    if min(x.shape) > 2 * _BORDER:
        similarity = similarity[_BORDER:-_BORDER, _BORDER:-_BORDER]
    return float(np.mean(similarity))
