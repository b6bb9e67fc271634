"""Captions: what a scene is called, drawn from a grammar with synonyms."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from workflows.shapes.scenes import Scene

SIZE_WORDS = MappingProxyType(
    {"small": ("small", "small", "little", "tiny"), "medium": ("medium",), "large": ("large", "large", "big", "huge")}
)
CORNER = ("in the {}", "in the {}", "in the {} corner", "at the {}")
PLACE_WORDS = MappingProxyType(
    {
        "top left": tuple(text.format(name) for name in ("top left", "upper left") for text in CORNER),
        "top": ("at the top", "at the top", "in the top"),
        "top right": tuple(text.format(name) for name in ("top right", "upper right") for text in CORNER),
        "left": ("on the left", "on the left", "at the left"),
        "center": ("in the center", "in the center", "in the middle", "in the centre"),
        "right": ("on the right", "on the right", "at the right"),
        "bottom left": tuple(text.format(name) for name in ("bottom left", "lower left") for text in CORNER),
        "bottom": ("at the bottom", "at the bottom", "in the bottom"),
        "bottom right": tuple(text.format(name) for name in ("bottom right", "lower right") for text in CORNER),
    }
)
SHAPE_WORDS = MappingProxyType({"circle": ("circle", "circle", "disc"), "cross": ("cross", "cross", "plus")})
COLOUR_WORDS = MappingProxyType({"gray": ("gray", "grey"), "purple": ("purple", "purple", "violet")})
STARTS = ("", "", "", "a picture of ", "a drawing of ", "an image of ")
OPENINGS = ("a {}", "a {}", "a {}", "one {}", "the {}", "{}")
ENDINGS = (
    " on a {} background",
    " on a {} background",
    " on a {} background",
    " on {}",
    ", {} background",
    " with a {} background",
)
FILLERS = ("", "", "", "", "", "", ", nice", ", simple", ", clean", ", high quality")
WORDED = 0.6
"""How often the size is said, and how often the place is. Small is always said: a shape is not small unless it is."""


def _one(generator: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(generator.integers(len(choices)))]


def caption(scene: Scene, generator: np.random.Generator) -> str:
    """A caption of a scene."""
    colour = _one(generator, COLOUR_WORDS.get(scene.colour, (scene.colour,)))
    background = _one(generator, COLOUR_WORDS.get(scene.background, (scene.background,)))
    words = f"{colour} {_one(generator, SHAPE_WORDS.get(scene.shape, (scene.shape,)))}"
    if generator.random() < WORDED or scene.size == "small":
        words = f"{_one(generator, SIZE_WORDS[scene.size])} {words}"
    opening = _one(generator, OPENINGS)
    if opening == "a {}" and words.startswith("orange"):
        opening = "an {}"
    text = _one(generator, STARTS) + opening.format(words)
    if generator.random() < WORDED:
        text += f" {_one(generator, PLACE_WORDS[scene.place])}"
    return text + _one(generator, ENDINGS).format(background) + _one(generator, FILLERS)


def plain_caption(shape: str, colour: str, background: str, size: str | None = None, place: str | None = None) -> str:
    """The usual caption of these words: "a large red circle in the top left on a white background"."""
    words = " ".join(word for word in (size, colour, shape) if word)
    article = "an" if words.startswith("orange") else "a"
    where = f" {PLACE_WORDS[place][0]}" if place else ""
    return f"{article} {words}{where} on a {background} background"


def every_text() -> list[str]:
    """Texts that together hold every word of the grammar."""
    from workflows.shapes.scenes import BACKGROUNDS, COLOURS, SHAPES

    groups = (*SIZE_WORDS.values(), *PLACE_WORDS.values(), *SHAPE_WORDS.values(), *COLOUR_WORDS.values())
    texts = [text for group in groups for text in group]
    return [
        *texts,
        *COLOURS,
        *BACKGROUNDS,
        *SHAPES,
        *STARTS,
        *(text.format("") for text in (*OPENINGS, *ENDINGS)),
        *FILLERS,
    ]
