"""The VAE whose latents are pixels."""

import pytest

torch = pytest.importorskip("torch")
from graphexec.diffusion.pixel_space import PixelSpace  # noqa: E402
from graphexec.errors import NodeError  # noqa: E402


def test_pixels_come_back():
    image = torch.rand(2, 5, 7, 4)
    latent = PixelSpace().encode(image)
    assert latent.shape == (2, 3, 5, 7) and latent.min() < 0
    torch.testing.assert_close(PixelSpace().decode(latent), image[..., :3])
    assert torch.equal(PixelSpace().decode_tiled(latent * 9), PixelSpace().decode(latent * 9))
    assert PixelSpace().decode(latent * 9).max() == 1


def test_latents_of_other_models_are_refused():
    with pytest.raises(NodeError, match="3 channels"):
        PixelSpace().decode(torch.zeros(1, 4, 8, 8))
