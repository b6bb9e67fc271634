"""Fingerprints stay when a picture looks the same, and change when it does not."""

import io

import numpy as np
import pytest
from PIL import Image

from graphexec.imaging.fingerprint import distance, fingerprint
from tests.project.commands import ROOT

HILLS = np.asarray(Image.open(ROOT / "workflows/input/hills.png").convert("RGB"))[None]


def test_is_64_bits_and_repeats():
    assert len(fingerprint(HILLS)) == 16 and fingerprint(HILLS) == fingerprint(HILLS.copy())


def test_small_changes_change_little():
    noisy = np.clip(HILLS + np.random.default_rng(1).integers(-3, 4, HILLS.shape), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(HILLS[0]).save(buffer, format="JPEG", quality=70)
    jpeg = np.asarray(Image.open(buffer).convert("RGB"))[None]
    half = np.asarray(Image.fromarray(HILLS[0]).resize((HILLS.shape[2] // 2, HILLS.shape[1] // 2)))[None]
    for changed in (noisy, jpeg, half):
        assert distance(fingerprint(HILLS), fingerprint(changed)) <= 4


@pytest.mark.parametrize("other", [HILLS[:, :, ::-1], HILLS[:, ::-1], 255 - HILLS])
def test_other_pictures_are_far_away(other):
    assert distance(fingerprint(HILLS), fingerprint(np.ascontiguousarray(other))) > 12


def test_plain_areas_toss_no_coins():
    grey = np.full((1, 64, 64, 3), 128, np.uint8)
    noisy = grey + np.random.default_rng(2).integers(0, 2, grey.shape).astype(np.uint8)
    assert fingerprint(grey) == fingerprint(noisy) == "0" * 16


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 1, 500, 4), (3, 7, 5, 3)])
def test_any_shape_has_one(shape):
    assert len(fingerprint(np.zeros(shape, np.uint8))) == 16


def test_distance_counts_bits():
    assert distance("0" * 16, "f" * 16) == 64 and distance("0" * 15 + "3", "0" * 16) == 2
