"""Scenes: what a picture of the training set shows, the picture itself, and which scenes are kept for the test."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

SIDE = 128
"""Width and height of a picture in pixels."""
OVERSAMPLING = 4
MARGIN = 4
"""Pixels between a shape and the nearest edge of the picture."""

PALETTE = MappingProxyType(
    {
        "red": (214, 39, 40),
        "orange": (255, 140, 20),
        "yellow": (250, 215, 40),
        "green": (45, 160, 60),
        "cyan": (60, 205, 215),
        "blue": (40, 80, 210),
        "purple": (130, 50, 180),
        "pink": (250, 130, 185),
        "white": (245, 245, 245),
        "black": (25, 25, 28),
        "gray": (128, 130, 133),
    }
)
"""The colours by name, RGB in 0..255."""
COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "white", "black")
BACKGROUNDS = ("white", "black", "gray", "blue", "green", "yellow", "pink", "purple")
SHAPES = ("circle", "square", "triangle", "star", "ring", "heart", "diamond", "cross")
RADII = MappingProxyType({"small": (16.0, 19.0), "medium": (23.0, 27.0), "large": (34.0, 40.0)})
"""The range of half the longer side in pixels, by the word for it."""
PLACES = MappingProxyType(
    {
        "top left": (-1, -1),
        "top": (0, -1),
        "top right": (1, -1),
        "left": (-1, 0),
        "center": (0, 0),
        "right": (1, 0),
        "bottom left": (-1, 1),
        "bottom": (0, 1),
        "bottom right": (1, 1),
    }
)
"""Where a shape stands: the signs of its offset from the middle, x to the right and y downwards."""
LIGHT = 0.10
"""How much brighter than its colour a shape is at its upper left, and darker at its lower right."""
KEPT = 10
"""One in so many combinations of shape, colour and background is kept for the test."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One object on a plain background. `x`, `y`: its middle in pixels; `radius`: half its longer side."""

    shape: str
    colour: str
    background: str
    size: str
    place: str
    radius: float
    x: float
    y: float


def outline(shape: str) -> NDArray[np.float64]:
    """The corners `(N, 2)` of a shape, scaled so that it lies in -1..1 and touches that square."""
    turn = np.linspace(0, 2 * math.pi, 97)[:-1]
    match shape:
        case "circle" | "ring":
            points = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        case "square":
            points = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=np.float64)
        case "triangle":
            points = np.array([(0, -1), (1, 1), (-1, 1)], dtype=np.float64)
        case "diamond":
            points = np.array([(0, -1), (1, 0), (0, 1), (-1, 0)], dtype=np.float64)
        case "cross":
            a, b = 0.36, -0.36
            points = np.array(
                [(b, -1), (a, -1), (a, b), (1, b), (1, a), (a, a), (a, 1), (b, 1), (b, a), (-1, a), (-1, b), (b, b)]
            )
        case "star":
            angles = np.arange(10) * math.pi / 5 - math.pi / 2
            reach = np.where(np.arange(10) % 2 == 0, 1.0, 0.45)
            points = np.stack([reach * np.cos(angles), reach * np.sin(angles)], axis=1)
        case "heart":
            x = 16 * np.sin(turn) ** 3
            y = -(13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn))
            points = np.stack([x, y], axis=1)
        case _:
            raise ValueError(f"no shape is called {shape!r}")
    low, high = points.min(axis=0), points.max(axis=0)
    scaled: NDArray[np.float64] = (points - (low + high) / 2) / ((high - low).max() / 2)
    return scaled


HOLE = 0.52
"""The radius of a ring's hole, as a part of the ring's."""


def coverage(shape: str, radius: float, x: float, y: float, side: int = SIDE) -> NDArray[np.float32]:
    """How much of every pixel a shape covers, `(side, side)` in 0..1."""
    big = Image.new("L", (side * OVERSAMPLING, side * OVERSAMPLING))
    draw = ImageDraw.Draw(big)
    points = (outline(shape) * radius + (x, y)) * OVERSAMPLING
    draw.polygon([(float(a), float(b)) for a, b in points], fill=255)
    if shape == "ring":
        hole = (outline("circle") * radius * HOLE + (x, y)) * OVERSAMPLING
        draw.polygon([(float(a), float(b)) for a, b in hole], fill=0)
    covered: NDArray[np.float32] = np.asarray(big.reduce(OVERSAMPLING), dtype=np.float32) / np.float32(255)
    return covered


def picture(scene: Scene, side: int = SIDE) -> NDArray[np.float32]:
    """The picture of a scene, `(side, side, 3)` in 0..1: light falls on the shape from the upper left."""
    alpha = coverage(scene.shape, scene.radius, scene.x, scene.y, side)[..., None]
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32)
    slope = np.clip(((columns - scene.x) + (rows - scene.y)) / (2 * scene.radius), -1, 1)[..., None]
    colour = np.array(PALETTE[scene.colour], dtype=np.float32) / 255 * (1 - LIGHT * slope)
    background = np.array(PALETTE[scene.background], dtype=np.float32) / 255
    mixed: NDArray[np.float32] = np.clip(alpha * colour + (1 - alpha) * background, 0, 1).astype(np.float32)
    return mixed


def combinations() -> Iterator[tuple[str, str, str]]:
    """Every combination of shape, colour and background in which the shape can be seen."""
    for shape in SHAPES:
        for colour in COLOURS:
            for background in BACKGROUNDS:
                if colour != background:
                    yield shape, colour, background


def is_kept(shape: str, colour: str, background: str) -> bool:
    """Whether a combination is kept for the test: no picture of the training set shows it."""
    digest = hashlib.sha256(f"{shape} {colour} {background}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % KEPT == 0


def compose(generator: np.random.Generator, combination: tuple[str, str, str], size: str, place: str) -> Scene:
    """A scene of this combination, with the radius and the exact place drawn."""
    low, high = RADII[size]
    radius = float(generator.uniform(low, high))
    slack = SIDE / 2 - MARGIN - radius
    x, y = (
        SIDE / 2 + slack * (sign * generator.uniform(0.8, 1.0) if sign else generator.uniform(-0.15, 0.15))
        for sign in PLACES[place]
    )
    return Scene(*combination, size, place, radius, float(x), float(y))


def training_scenes(count: int, seed: int = 0) -> list[Scene]:
    """Scenes of the combinations that are not kept: each as often as the others, sizes and places drawn evenly."""
    generator = np.random.default_rng(seed)
    pool = [combination for combination in combinations() if not is_kept(*combination)]
    scenes: list[Scene] = []
    while len(scenes) < count:
        for index in generator.permutation(len(pool))[: count - len(scenes)]:
            size = tuple(RADII)[generator.integers(len(RADII))]
            place = tuple(PLACES)[generator.integers(len(PLACES))]
            scenes.append(compose(generator, pool[int(index)], size, place))
    return scenes
