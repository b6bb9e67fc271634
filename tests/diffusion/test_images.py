"""Images: sizes, channels, filters against scipy, blend modes against Pillow."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops
from scipy import ndimage

torch = pytest.importorskip("torch")
from graphexec.diffusion import compositing, images  # noqa: E402
from graphexec.errors import NodeError  # noqa: E402


def image(batch=1, height=9, width=11, channels=3, seed=0):
    return torch.rand(batch, height, width, channels, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("asked", "wanted"), [((22, 0), (18, 22)), ((0, 18), (18, 22)), ((0, 0), (9, 11)), ((5, 7), (7, 5))]
)
def test_scaling(asked, wanted):
    scaled = images.scale(image(), "bilinear", *asked, "disabled")
    assert scaled.shape == (1, *wanted, 3)


def test_cropping_and_padding_are_inverse():
    padded = images.pad(image(), 2, 3, 4, 5)
    assert padded.shape == (1, 17, 17, 3) and padded[0, 0, 0, 0] == 0.5
    assert torch.equal(images.crop(padded, 11, 9, 2, 3), image())
    assert images.crop(image(), 5, 5, 1000, 1000).shape == (1, 1, 1, 3)


def test_a_batch_takes_the_larger_number_of_channels():
    both = images.batch(image(2), image(1, 4, 4, 4, seed=1))
    assert both.shape == (3, 9, 11, 4)
    assert (both[:2, ..., 3] == 1).all() and torch.equal(both[:2, ..., :3], image(2))


def test_channels_by_name():
    assert torch.equal(images.channel(image(), "green"), image()[..., 1])
    with pytest.raises(NodeError, match="alpha"):
        images.channel(image(), "alpha")


def test_blurring_is_a_convolution_with_mirrored_edges():
    radius, sigma = 3, 0.8
    kernel = images.gaussian_kernel(radius, sigma).numpy()
    wanted = ndimage.convolve(image()[0, :, :, 1].numpy(), kernel, mode="mirror")
    np.testing.assert_allclose(images.blur(image(), radius, sigma)[0, :, :, 1].numpy(), wanted, atol=1e-6)
    assert kernel.sum() == pytest.approx(1, abs=1e-6)
    assert kernel[0, 3] / kernel[3, 3] == pytest.approx(np.exp(-0.5 / sigma**2), rel=1e-5)


def test_filters_leave_flat_images_alone():
    flat = torch.full((1, 9, 9, 4), 0.3)
    torch.testing.assert_close(images.blur(flat, 4, 1.0), flat)
    torch.testing.assert_close(images.sharpen(flat, 4, 1.0, 2.0), flat)


def test_a_radius_beyond_the_image_is_an_error():
    with pytest.raises(NodeError, match="radius"):
        images.blur(image(height=4), 4, 1.0)


@pytest.mark.parametrize(
    ("mode", "pillow"),
    [("multiply", ImageChops.multiply), ("screen", ImageChops.screen), ("overlay", ImageChops.overlay)],
)
def test_blend_modes_are_pillows(mode, pillow):
    a, b = image(), image(seed=1)
    eight = [Image.fromarray((t[0].numpy() * 255).round().astype(np.uint8)) for t in (a, b)]
    wanted = np.asarray(pillow(*eight)) / 255
    np.testing.assert_allclose(compositing.blend(a, b, 1.0, mode)[0].numpy(), wanted, atol=3 / 255)


def test_soft_light_is_continuous_and_keeps_black_white_and_grey():
    a = torch.linspace(0, 1, 1001).reshape(1, 1, -1, 1)
    for level, tolerance in ((0.5, 1e-6), (0.5001, 1e-3)):
        kept = compositing.blend(a, torch.full_like(a, level), 1.0, "soft_light")
        torch.testing.assert_close(kept, a, atol=tolerance, rtol=0)
    lit = compositing.blend(a, torch.ones_like(a), 1.0, "soft_light").flatten()
    assert lit[0] == 0 and lit[-1] == 1 and (lit.diff() >= 0).all() and lit.diff().max() < 0.01


@given(st.floats(0, 1), st.sampled_from(["normal", "multiply", "screen", "overlay", "soft_light", "difference"]))
def test_a_blend_of_nothing_is_the_first_image_and_all_stay_in_range(factor, mode):
    a, b = image(), image(seed=1)
    blended = compositing.blend(a, b, factor, mode)
    assert blended.min() >= 0 and blended.max() <= 1
    torch.testing.assert_close(compositing.blend(a, b, 0.0, mode), a)


def test_transparency_is_dropped_or_filled_up_as_needed():
    assert compositing.blend(image(), image(channels=4, seed=1), 0.5, "normal").shape[-1] == 3
    pasted = compositing.composite_images(image(channels=4), image(1, 3, 3, seed=1), 1, 2, None, False)
    assert pasted.shape == (1, 9, 11, 4) and (pasted[0, 2:5, 1:4, 3] == 1).all()
    assert torch.equal(pasted[0, 2:5, 1:4, :3], image(1, 3, 3, seed=1)[0])


def test_a_feathered_paste_in_a_corner_fades_only_inside():
    destination, source = torch.zeros(1, 1, 6, 6), torch.ones(1, 1, 3, 3)
    pasted = compositing.feathered_composite(destination, source, 3, 0, 2)[0, 0]
    torch.testing.assert_close(pasted[0, 3:], torch.tensor([0.5, 1.0, 1.0]))
    torch.testing.assert_close(pasted[:3, 5], torch.tensor([1.0, 1.0, 0.5]))
    assert not compositing.feathered_composite(destination, source, 9, 9, 2).any()
