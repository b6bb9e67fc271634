"""Outputs compared with what a lock says: planted differences reach the level that they should, and no stricter one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save

from graphexec.hashing import digest_bytes
from graphexec.imaging import png
from graphexec.proof.comparison import Comparison, compare
from graphexec.proof.levels import level_of, reaches
from graphexec.proof.model import OutputRecord, Tolerance
from graphexec.proof.outputs import Output, fingerprint_of, values_digest, values_of

LEVELS = np.random.default_rng(3).integers(20, 230, (24, 32, 3)).astype(np.uint8)
PNG, TENSORS = "image/png", "application/x-safetensors"


def encoded(levels: np.ndarray) -> bytes:
    return png.encode((levels.astype(np.float32) + 0.5) / 255)


def record(media: str, content: bytes, **tolerance) -> OutputRecord:
    values = values_of(media, content)
    return OutputRecord(
        node="9", index=0, type="Save", media_type=media, bytes=len(content), blake3=digest_bytes(content),
        values=values and values_digest(values), fingerprint=fingerprint_of(media, values),
        tolerance=Tolerance(**tolerance),
    )  # fmt: skip


def compared(media: str, before: bytes, after: bytes, *, kept: bool = True, **tolerance) -> Comparison:
    output = Output("9", 0, "Save", media, ".x", 0, 0, after, len(after), digest_bytes(after))
    locked = record(media, before, **tolerance)
    return compare(locked, output, before if kept else None, locked.tolerance.level)


def touched(by: int, pixels: int = 1) -> np.ndarray:
    changed = LEVELS.copy()
    changed[12, :pixels, 1] += np.uint8(by)
    return changed


def test_the_same_file_agrees_in_bytes() -> None:
    found = compared(PNG, encoded(LEVELS), encoded(LEVELS))
    assert (found.level, found.passed, found.reasons) == ("bytes", True, ())


def test_another_encoder_is_told_from_other_pixels() -> None:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(LEVELS).save(buffer, format="PNG", compress_level=9)
    assert buffer.getvalue() != encoded(LEVELS)
    found = compared(PNG, encoded(LEVELS), buffer.getvalue())
    assert found.level == "tensors" and found.passed and "another encoder" in found.reasons[0]
    assert not compared(PNG, encoded(LEVELS), buffer.getvalue(), level="bytes").passed


def test_one_pixel_off_by_one_level_fails_tensors_and_passes_perceptual() -> None:
    found = compared(PNG, encoded(LEVELS), encoded(touched(1)))
    assert (found.level, found.passed) == ("perceptual", False)
    assert (found.metrics.max_error, found.metrics.positions) == (1, 1)
    assert "1 pixels (0.130%) differ at all; the largest error is 1" in found.reasons[0]


@pytest.mark.parametrize(
    ("by", "pixels", "tolerance", "level"),
    [
        (1, 1, {"max_error": 1}, "tensors"),
        (2, 1, {"max_error": 1}, "perceptual"),
        (9, 7, {"max_differing": 7 / (24 * 32)}, "tensors"),
        (9, 8, {"max_differing": 7 / (24 * 32)}, "perceptual"),
        (20, 32, {"psnr": 60}, None),
        (20, 32, {"psnr": 20, "ssim": 0.9999}, None),
        (20, 32, {"psnr": 20, "ssim": 0.5}, "perceptual"),
    ],
)
def test_tolerances_decide(by: int, pixels: int, tolerance: dict, level: str | None) -> None:
    assert compared(PNG, encoded(LEVELS), encoded(touched(by, pixels)), **tolerance).level == level


def test_without_the_expected_picture_only_the_fingerprint_judges() -> None:
    near = compared(PNG, encoded(LEVELS), encoded(touched(1)), kept=False)
    far = compared(PNG, encoded(LEVELS), encoded(LEVELS[::-1].copy()), kept=False)
    assert (near.level, near.passed, far.level) == ("perceptual", False, None)
    assert "not kept" in near.reasons[0] and "of 64 bits of the fingerprint differ" in far.reasons[1]
    assert compared(PNG, encoded(LEVELS), encoded(touched(1)), kept=False, level="perceptual").passed


def test_other_sizes_agree_at_no_level() -> None:
    found = compared(PNG, encoded(LEVELS), encoded(LEVELS[:-1].copy()))
    assert found.level is None and "1 x 23 x 32 x 3, no longer 1 x 24 x 32 x 3" in found.reasons[0]


def test_tensors_are_compared_in_ulps() -> None:
    before = torch.randn(1, 4, 8, 8)
    after = before.clone()
    after.view(torch.int32)[0, 0, 0, 0] += 3
    found = compared(TENSORS, save({"a": before}), save({"a": after}))
    assert found.level is None and found.metrics.max_ulps == 3 and "1 values" in found.reasons[0]
    assert compared(TENSORS, save({"a": before}), save({"a": after}), max_ulps=3).level == "tensors"
    assert compared(TENSORS, save({"a": before}), save({"a": after}), max_ulps=2).level is None


def test_tensors_of_other_names_types_or_shapes_differ() -> None:
    before = save({"a": torch.zeros(4)})
    for other in ({"b": torch.zeros(4)}, {"a": torch.zeros(4, dtype=torch.float64)}, {"a": torch.zeros(2, 2)}):
        assert compared(TENSORS, before, save(other)).level is None


def test_texts_agree_in_bytes_or_not_at_all() -> None:
    assert compared("text/plain", b"a", b"a").level == "bytes"
    assert compared("text/plain", b"a", b"b").level is None


def test_a_file_that_cannot_be_decoded_differs() -> None:
    found = compared(PNG, encoded(LEVELS), b"no picture")
    assert found.level is None and "cannot be compared" in found.reasons[0]


def test_stricter_agreement_is_enough_for_looser_demands() -> None:
    order = ["bytes", "tensors", "perceptual"]
    for i, reached in enumerate(order):
        assert [reaches(level_of(reached), level_of(wanted)) for wanted in order] == [i <= j for j in range(3)]
    assert not reaches(None, "perceptual")
