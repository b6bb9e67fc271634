"""Images turned, sized and framed: against Pillow and by their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

torch = pytest.importorskip("torch")
from graphexec.diffusion import image_transforms as transforms  # noqa: E402


def image(batch=1, height=4, width=6, channels=3):
    return torch.rand(batch, height, width, channels, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("quarters", "turn"), [(1, Image.Transpose.ROTATE_270), (2, Image.Transpose.ROTATE_180),
                           (3, Image.Transpose.ROTATE_90)]
)  # fmt: skip
def test_turns_are_clockwise(quarters, turn):
    levels = (image() * 255).byte()
    wanted = np.asarray(Image.fromarray(levels[0].numpy()).transpose(turn))
    assert (transforms.rotate(levels, quarters)[0].numpy() == wanted).all()


def test_mirrors():
    assert torch.equal(transforms.flip(image(), "x")[:, 0], image()[:, -1])
    assert torch.equal(transforms.flip(image(), "y")[:, :, 0], image()[:, :, -1])


@given(st.integers(20, 90), st.integers(20, 90), st.sampled_from([0.01, 0.02, 0.05]))
def test_total_pixels(height, width, megapixels):
    found = transforms.to_megapixels(torch.zeros(1, height, width, 3), "area", megapixels)
    rounding = 0.5 * sum(found.shape[1:3]) + 1
    assert abs(found.shape[1] * found.shape[2] - megapixels * 1024 * 1024) <= rounding


@pytest.mark.parametrize(("size", "wanted"), [((40, 20), (100, 50)), ((20, 40), (50, 100)), ((30, 30), (100, 100))])
def test_the_longest_side(size, wanted):
    assert transforms.to_longest_side(torch.zeros(1, *size, 3), "bilinear", 100).shape[1:3] == wanted


def test_frames_are_centred():
    framed = transforms.framed(image(), 10, 4, "white", "nearest-exact")
    assert torch.equal(framed[:, :, 2:8], image()) and (framed[:, :, :2] == 1).all() and (framed[:, :, 8:] == 1).all()
    assert not transforms.framed(image(), 6, 10, "black", "area")[:, :3].any()


def test_one_colour():
    made = transforms.plain(3, 2, 4, 0x336699)
    assert made.shape == (4, 2, 3, 3)
    assert torch.allclose(made[0, 0, 0] * 255, torch.tensor([0x33, 0x66, 0x99]).float())


def test_transparency_goes_in_and_comes_out():
    mask = torch.rand(1, 4, 6)
    joined = transforms.join_alpha(image(2), mask)
    assert joined.shape == (1, 4, 6, 4)
    colours, back = transforms.split_alpha(joined)
    torch.testing.assert_close(back, mask)
    assert torch.equal(colours, image(2)[:1])
    assert not transforms.split_alpha(image())[1].any()


@pytest.mark.parametrize("axis", ["x", "y", "t"])
def test_cutting_undoes_joining(axis):
    a, b = torch.rand(2, 3, 4, 5), torch.rand(1, 3, 4, 5)
    size = a.shape[{"x": 3, "y": 2, "t": 1}[axis]]
    joined = transforms.concatenate(a, b, axis)
    assert torch.equal(transforms.cut(joined, axis, 0, size), a)
    assert torch.equal(transforms.cut(joined, axis, -size, size), b.repeat(2, 1, 1, 1))
    assert torch.equal(transforms.concatenate(a, a, "-" + axis), transforms.concatenate(a, a, axis))
    assert torch.equal(transforms.cut(a, axis, 100, 7), a.narrow({"x": 3, "y": 2, "t": 1}[axis], size - 1, 1))
