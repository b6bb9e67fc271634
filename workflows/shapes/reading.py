"""The evaluator: says which objects and which background a picture shows, by plain image analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from workflows.shapes.scenes import PALETTE, PLACES, SHAPES, SIDE, coverage

Pixels: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]

DIFFERENT = 0.10
"""How far a pixel's colour is from the background's to belong to an object, in 0..sqrt(3)."""
SPECK = 24
"""Pixels that an object has at least, in a picture of 128 x 128."""
BORDER = 3
PLAIN = 0.9
"""The part of the border that has the background's colour, at least."""
PURE = 0.85
"""The part of an object that has its colour, at least."""
FIT, SOFTNESS = 0.85, 1.5
"""Intersection over union with a perfect shape, at least, less what an outline half a pixel off costs: 1.5 / radius."""
SIZE_LIMITS = (20.0, 30.5)
"""Half the longer side in pixels of 128 where small ends, and where medium does."""
OFF_CENTRE = 0.42
"""Offset from the middle, as a part of the room there is, from which an object stands at a side."""

NAMES = tuple(PALETTE)
COLOURS = np.array([PALETTE[name] for name in NAMES], dtype=np.float32) / 255


@dataclass(frozen=True, slots=True)
class Seen:
    """An object: `shape` or `colour` is None where it is none that is known. `fit`: how well the shape fits."""

    shape: str | None
    colour: str | None
    size: str
    place: str
    radius: float
    x: float
    y: float
    fit: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a picture shows; `background` is None when its border is not of one known colour."""

    background: str | None
    objects: tuple[Seen, ...]


def nearest(pixels: Pixels) -> NDArray[np.intp]:
    """The number of the palette's nearest colour, for every pixel `(..., 3)`."""
    distances = np.linalg.norm(pixels[..., None, :] - COLOURS, axis=-1)
    return np.asarray(distances.argmin(axis=-1))


def read(pixels: Pixels) -> Reading:
    """Read a square picture `(side, side, 3)` in 0..1."""
    side = pixels.shape[0]
    edge = np.ones(pixels.shape[:2], dtype=bool)
    edge[BORDER:-BORDER, BORDER:-BORDER] = False
    border = pixels[edge]
    colours = nearest(border)
    number = int(np.bincount(colours, minlength=len(NAMES)).argmax())
    plain = float((colours == number).mean()) >= PLAIN
    ground = np.median(border[colours == number], axis=0)
    apart = np.linalg.norm(pixels - ground, axis=-1) > DIFFERENT
    labels, count = ndimage.label(apart, structure=np.ones((3, 3)))
    least = SPECK * (side / SIDE) ** 2
    found = [labels == label for label in range(1, count + 1)]
    objects = tuple(_seen(pixels, mask, ground) for mask in found if mask.sum() >= least)
    return Reading(NAMES[number] if plain else None, objects)


def _seen(pixels: Pixels, mask: Mask, ground: NDArray[np.float32]) -> Seen:
    side = pixels.shape[0]
    inner = ndimage.binary_erosion(mask, iterations=2)
    body = pixels[inner if inner.sum() >= 8 else mask]
    colours = nearest(body)
    number = int(np.bincount(colours, minlength=len(NAMES)).argmax())
    pure = float((colours == number).mean()) >= PURE
    own = np.median(body[colours == number], axis=0)
    nearer = np.linalg.norm(pixels - own, axis=-1) < np.linalg.norm(pixels - ground, axis=-1)
    solid = mask & nearer if (mask & nearer).any() else mask
    rows, columns = np.nonzero(solid)
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    x, y = (left + right) / 2, (top + bottom) / 2
    radius = max(bottom - top, right - left) / 2
    shape, fit = _shape(solid, radius, x, y)
    small, medium = SIZE_LIMITS
    scaled = radius * SIDE / side
    size = "small" if scaled < small else "medium" if scaled < medium else "large"
    across, down = (
        _sign((left - (side - right)) / max(1, left + side - right)),
        _sign((top - (side - bottom)) / max(1, top + side - bottom)),
    )
    place = next(name for name, signs in PLACES.items() if signs == (across, down))
    return Seen(shape, NAMES[number] if pure else None, size, place, scaled, float(x), float(y), fit)


def _sign(offset: float) -> int:
    return 0 if abs(offset) < OFF_CENTRE else 1 if offset > 0 else -1


def _shape(mask: Mask, radius: float, x: float, y: float) -> tuple[str | None, float]:
    """The shape whose perfect picture fits best, and how well it does."""
    best, fit = None, 0.0
    for shape in SHAPES:
        ideal = coverage(shape, radius, x, y, mask.shape[0]) > 0.5
        overlap = float((ideal & mask).sum() / max(1, (ideal | mask).sum()))
        if overlap > fit:
            best, fit = shape, overlap
    return (best if fit >= FIT - SOFTNESS / radius else None), fit
