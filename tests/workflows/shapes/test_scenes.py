"""Scenes and captions: what is kept for the test, what pictures hold, and that captions name what scenes show."""

from __future__ import annotations

import numpy as np
import pytest

from workflows.shapes.captions import PLACE_WORDS, SHAPE_WORDS, SIZE_WORDS, caption, plain_caption
from workflows.shapes.scenes import (
    BACKGROUNDS,
    COLOURS,
    MARGIN,
    PLACES,
    RADII,
    SHAPES,
    SIDE,
    combinations,
    compose,
    coverage,
    is_kept,
    picture,
    training_scenes,
)


def test_no_kept_combination_is_in_the_training_set_and_every_word_is() -> None:
    scenes = training_scenes(3000)
    assert not any(is_kept(scene.shape, scene.colour, scene.background) for scene in scenes)
    assert {scene.shape for scene in scenes} == set(SHAPES)
    assert {scene.colour for scene in scenes} == set(COLOURS)
    assert {scene.background for scene in scenes} == set(BACKGROUNDS)
    kept = [combination for combination in combinations() if is_kept(*combination)]
    assert 40 <= len(kept) <= 80
    assert {shape for shape, _, _ in kept} == set(SHAPES) and {colour for _, colour, _ in kept} == set(COLOURS)


def test_scenes_are_the_same_every_time() -> None:
    assert training_scenes(50) == training_scenes(50) == training_scenes(80)[:50]
    assert training_scenes(50, seed=1) != training_scenes(50)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_fills_its_radius_and_no_more(shape: str) -> None:
    rows, columns = np.nonzero(coverage(shape, 30.0, 64.0, 60.0) > 0.5)
    width, height = np.ptp(columns) + 1, np.ptp(rows) + 1
    assert max(width, height) == pytest.approx(60, abs=2)
    assert (columns.min() + columns.max() + 1) / 2 == pytest.approx(64, abs=1)


@pytest.mark.parametrize("size", RADII)
@pytest.mark.parametrize("place", PLACES)
def test_shapes_stay_inside_the_picture(size: str, place: str) -> None:
    for seed in range(20):
        scene = compose(np.random.default_rng(seed), ("square", "red", "white"), size, place)
        assert scene.x - scene.radius >= MARGIN - 1e-9 and scene.x + scene.radius <= SIDE - MARGIN + 1e-9
        assert scene.y - scene.radius >= MARGIN - 1e-9 and scene.y + scene.radius <= SIDE - MARGIN + 1e-9
        pixels = picture(scene)
        assert pixels.dtype == np.float32 and pixels.min() >= 0 and pixels.max() <= 1


def test_captions_name_the_scene() -> None:
    generator = np.random.default_rng(0)
    for scene in training_scenes(300, seed=4):
        text = caption(scene, generator).replace(",", " ")
        assert any(word in text for word in SHAPE_WORDS.get(scene.shape, (scene.shape,)))
        said = [size for size, words in SIZE_WORDS.items() if any(f" {word} " in f" {text} " for word in words)]
        assert said in ([], [scene.size])
        places = [place for place, words in PLACE_WORDS.items() if any(f" {word} " in f" {text} " for word in words)]
        # "at the top" is also in "at the top left"
        assert scene.place in places or not places


def test_the_usual_caption() -> None:
    expected = "a large red circle in the top left on a white background"
    assert plain_caption("circle", "red", "white", "large", "top left") == expected
    assert plain_caption("circle", "red", "white") == "a red circle on a white background"
