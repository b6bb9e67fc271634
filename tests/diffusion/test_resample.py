"""Resizing against independent formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import geometric_slerp

torch = pytest.importorskip("torch")
from graphexec.diffusion import resample  # noqa: E402


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_slerp_is_scipys_between_unit_vectors():
    a, b = (torch.nn.functional.normalize(noise(1, 4, 1, 1, seed=s), dim=1) for s in (1, 2))
    for t in (0.0, 0.2, 0.5, 0.9, 1.0):
        ours = resample.slerp(a, b, torch.tensor(t)).flatten().double().numpy()
        ends = [v.flatten().double().numpy() for v in (a, b)]
        wanted = geometric_slerp(*(v / np.linalg.norm(v) for v in ends), t)
        np.testing.assert_allclose(ours, wanted, atol=1e-6)


@given(st.floats(0, 1), st.floats(0.1, 10), st.floats(0.1, 10))
def test_slerp_interpolates_lengths_linearly(t, length_a, length_b):
    a = torch.nn.functional.normalize(noise(1, 4, 2, 2, seed=1), dim=1) * length_a
    b = torch.nn.functional.normalize(noise(1, 4, 2, 2, seed=2), dim=1) * length_b
    length = resample.slerp(a, b, torch.tensor(t, dtype=torch.float32)).norm(dim=1)
    torch.testing.assert_close(length, torch.full_like(length, length_a * (1 - t) + length_b * t), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("b", [torch.zeros(1, 4, 1, 1), -noise(1, 4, 1, 1), noise(1, 4, 1, 1)])
def test_slerp_of_zero_opposite_and_equal_vectors_is_finite(b):
    a = noise(1, 4, 1, 1)
    assert resample.slerp(a, b, torch.tensor(0.5)).isfinite().all()
    torch.testing.assert_close(resample.slerp(a, a, torch.tensor(0.3)), a)
    torch.testing.assert_close(resample.slerp(a, -a, torch.tensor(0.5)), torch.zeros_like(a), atol=1e-6, rtol=0)


def test_a_flat_latent_stays_flat():
    flat = torch.full((1, 4, 5, 7), 2.5)
    torch.testing.assert_close(resample.bislerp(flat, 11, 9), torch.full((1, 4, 9, 11), 2.5))


@pytest.mark.parametrize("method", ["nearest-exact", "bilinear", "area", "bicubic", "bislerp"])
@pytest.mark.parametrize("size", [(7, 5), (14, 10), (3, 9)])
def test_sizes_and_identity(method, size):
    samples = noise(2, 4, 5, 7)
    assert resample.resize(samples, *size, method).shape == (2, 4, size[1], size[0])
    if size == (7, 5):
        torch.testing.assert_close(resample.resize(samples, *size, method), samples, atol=1e-5, rtol=1e-5)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_a_crop_keeps_the_middle_and_comes_near_the_aspect(height, width, new_height, new_width):
    ramp = torch.arange(height * width).reshape(1, 1, height, width)
    cut = resample.crop_to_aspect(ramp, new_width / new_height)
    h, w = cut.shape[-2:]
    assert h and w and (h == height or w == width)
    top, left = divmod(int(cut[0, 0, 0, 0]), width)
    assert (top, left) == ((height - h) // 2, (width - w) // 2)
    assert abs(w - min(width, height * new_width / new_height)) <= 2
    assert abs(h - min(height, width * new_height / new_width)) <= 2


@given(st.integers(1, 5), st.integers(1, 12))
def test_batches_are_cut_or_repeated(have, want):
    matched = resample.match_batch(torch.arange(have)[:, None], want).flatten().tolist()
    assert matched == [i % have for i in range(want)]
