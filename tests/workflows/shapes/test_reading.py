"""The evaluator, on rendered truth: it reads what is there, and does not see what is not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from workflows.shapes.judging import Wish, judge, rates
from workflows.shapes.reading import Pixels, read
from workflows.shapes.scenes import SIDE, Scene, compose, picture, training_scenes


def wish_of(scene: Scene) -> Wish:
    return Wish(scene.shape, scene.colour, scene.background, scene.size, scene.place)


def blurred(pixels: Pixels) -> Pixels:
    """The picture as soft as the autoencoder makes it, and slightly noisy."""
    from scipy import ndimage

    soft = ndimage.gaussian_filter(pixels, (0.8, 0.8, 0))
    return np.clip(soft + 0.02 * np.random.default_rng(0).standard_normal(pixels.shape), 0, 1).astype(np.float32)


@pytest.mark.parametrize("change", [lambda pixels: pixels, blurred], ids=["sharp", "blurred"])
def test_rendered_truth_is_read_right(change) -> None:  # type: ignore[no-untyped-def]
    scenes = training_scenes(300, seed=11)
    verdicts = [judge(read(change(picture(scene))), wish_of(scene)) for scene in scenes]
    assert min(rates(verdicts).values()) >= 0.97, rates(verdicts)


def test_other_prompts_are_refused() -> None:
    """The control: each picture against the next one's words."""
    scenes = training_scenes(200, seed=12)
    verdicts = [judge(read(picture(scene)), wish_of(other)) for scene, other in pairwise(scenes)]
    assert rates(verdicts)["right"] <= 0.02


def test_a_second_object_is_counted_even_if_it_is_of_the_same_kind() -> None:
    first = compose(np.random.default_rng(0), ("circle", "red", "white"), "small", "left")
    second = replace(first, x=SIDE - first.x)
    both = np.minimum(picture(first), picture(second))
    reading = read(both)
    assert [seen.colour for seen in reading.objects] == ["red", "red"]
    verdict = judge(reading, wish_of(first))
    assert not verdict.count and not verdict.right and verdict.colour and verdict.shape


def test_no_object_and_no_background_are_seen_in_noise_or_nothing() -> None:
    assert read(np.full((SIDE, SIDE, 3), 0.96, dtype=np.float32)).objects == ()
    noise = np.random.default_rng(1).random((SIDE, SIDE, 3)).astype(np.float32)
    assert read(noise).background is None


@pytest.mark.parametrize("corners", [5, 6, 12])
def test_a_shape_that_is_none_is_not_named(corners: int) -> None:
    """Two squares on top of each other's corners: no known shape."""
    scene = compose(np.random.default_rng(2), ("square", "blue", "white"), "small", "top left")
    other = replace(scene, x=scene.x + scene.radius + corners, y=scene.y + scene.radius + corners)
    (seen,) = read(np.minimum(picture(scene), picture(other))).objects
    assert seen.shape is None and seen.colour == "blue"


def test_a_shape_of_two_colours_has_none() -> None:
    scene = compose(np.random.default_rng(3), ("circle", "red", "white"), "large", "center")
    pixels = picture(scene).copy()
    lower = picture(replace(scene, colour="green"))
    pixels[64:] = lower[64:]
    (seen,) = read(pixels).objects
    assert seen.colour is None and seen.shape == "circle"


def test_larger_pictures_are_read_in_the_same_measure() -> None:
    scene = compose(np.random.default_rng(5), ("star", "orange", "black"), "medium", "bottom")
    large = replace(scene, radius=1.5 * scene.radius, x=1.5 * scene.x, y=1.5 * scene.y)
    assert judge(read(picture(large, side=192)), wish_of(scene)).wholly
