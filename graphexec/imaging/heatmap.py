"""Where two pictures differ, as a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graphexec.imaging.png import encode

_STOPS = np.array([[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]], np.float64)
"""Dark to bright, in the manner of matplotlib's inferno, whose lightness rises evenly."""


def heatmap(expected: NDArray[np.uint8], actual: NDArray[np.uint8]) -> tuple[bytes, int]:
    """Return a PNG of the largest difference of each pixel's channels, and the difference that is shown brightest.

    Both are `(frames, H, W, C)` of one shape; of several frames the largest difference is shown. The scale follows
    the data (square root, so that a difference of 1 shows beside one of 255); equal pictures give a dark one and 0.
    """
    apart = np.abs(expected.astype(np.int16) - actual.astype(np.int16)).max(axis=(0, 3))
    peak = int(apart.max())
    level = np.sqrt(apart / max(peak, 1))
    place = level * (len(_STOPS) - 1)
    below = np.minimum(place.astype(np.intp), len(_STOPS) - 2)
    share = (place - below)[..., None]
    colours = _STOPS[below] * (1 - share) + _STOPS[below + 1] * share
    return encode((colours / 255).astype(np.float32)), peak
