"""Upscale models: an ESRGAN file written here against the network written out, tiles, and foreign files."""

import importlib

import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402
from torch.nn.functional import conv2d, interpolate, leaky_relu  # noqa: E402

from graphexec.diffusion import upscaling  # noqa: E402
from graphexec.errors import NodeError  # noqa: E402

FILTERS, GROWTH = 8, 32


def importable():
    try:
        importlib.import_module("spandrel")
    except (ImportError, RuntimeError):  # the latter from a torchvision built for another torch
        return False
    return True


needs_spandrel = pytest.mark.skipif(not importable(), reason="spandrel is not installed, or its torchvision is broken")


def tensors():
    """One residual-in-residual block, in the names of Real-ESRGAN's files."""
    draw = torch.Generator().manual_seed(0)
    layers = {"conv_first": (3, FILTERS), "conv_last": (FILTERS, 3)}
    layers |= dict.fromkeys(("conv_body", "conv_up1", "conv_up2", "conv_hr"), (FILTERS, FILTERS))
    for block in (1, 2, 3):
        for i in range(5):
            layers[f"body.0.rdb{block}.conv{i + 1}"] = (FILTERS + i * GROWTH, GROWTH if i < 4 else FILTERS)
    found = {}
    for name, (inner, outer) in layers.items():
        found[f"{name}.weight"] = torch.randn(outer, inner, 3, 3, generator=draw) * (inner * 9) ** -0.5
        found[f"{name}.bias"] = torch.randn(outer, generator=draw) * 0.1
    return found


def esrgan(t, x):
    """Wang et al. 2018, "ESRGAN" (arXiv 1809.00219), figure 4: slope 0.2, residual scaling 0.2, twice nearest x2."""

    def conv(name, x):
        return conv2d(x, t[f"{name}.weight"], t[f"{name}.bias"], padding=1)

    def dense(name, x):
        seen = [x]
        for i in range(1, 5):
            seen.append(leaky_relu(conv(f"{name}.conv{i}", torch.cat(seen, 1)), 0.2))
        return x + 0.2 * conv(f"{name}.conv5", torch.cat(seen, 1))

    first = inner = conv("conv_first", x)
    for block in (1, 2, 3):
        inner = dense(f"body.0.rdb{block}", inner)
    x = first + conv("conv_body", first + 0.2 * inner)
    for name in ("conv_up1", "conv_up2"):
        x = leaky_relu(conv(name, interpolate(x, scale_factor=2)), 0.2)
    return conv("conv_last", leaky_relu(conv("conv_hr", x), 0.2))


@pytest.fixture
def model(tmp_path):
    save_file(tensors(), tmp_path / "tiny.safetensors")
    return upscaling.load_upscale_model(tmp_path / "tiny.safetensors")


@needs_spandrel
def test_an_esrgan_file_computes_the_paper_s_network(model):
    image = torch.rand(2, 9, 12, 4)
    seen = []
    found = model.upscale(image, lambda done, total: seen.append((done, total)))
    wanted = esrgan(tensors(), image[..., :3].movedim(-1, 1)).clamp(0, 1).movedim(1, -1)
    assert model.scale == 4 and seen == [(1, 2), (2, 2)]
    assert 0.05 < wanted.mean() < 0.95 and wanted.std() > 0.01
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


@needs_spandrel
def test_tiles_differ_from_the_whole_only_near_their_seams(model, monkeypatch):
    image = torch.rand(1, 60, 100, 3)
    whole = model.upscale(image)
    monkeypatch.setattr(upscaling, "TILE", 64)
    tiled = model.upscale(image)
    assert tiled.shape == whole.shape == (1, 240, 400, 3)
    torch.testing.assert_close(tiled[:, :, :60], whole[:, :, :60], atol=1e-5, rtol=0)
    assert (tiled - whole).abs().max() > 1e-4


@needs_spandrel
def test_foreign_files_are_named(tmp_path):
    save_file({"w": torch.zeros(1)}, tmp_path / "odd.safetensors")
    with pytest.raises(NodeError, match=r"odd\.safetensors: of no architecture"):
        upscaling.load_upscale_model(tmp_path / "odd.safetensors")


@pytest.mark.parametrize(("error", "hint"), [(ImportError("no"), "pip install"), (RuntimeError("nms"), "torchvision")])
def test_without_spandrel_the_way_to_it_is_told(tmp_path, monkeypatch, error, hint):
    def fail(name):
        raise error

    monkeypatch.setattr(upscaling, "import_module", fail)
    with pytest.raises(NodeError, match=hint):
        upscaling.load_upscale_model(tmp_path / "any.safetensors")


class Doubling:
    """In the place of spandrel's descriptor."""

    scale = 2

    def to(self, device):
        return self

    def eval(self):
        return self

    def __call__(self, x):
        return interpolate(x, scale_factor=2) * 2 - 0.5


def test_batches_and_tiles_without_spandrel(monkeypatch):
    model = upscaling.UpscaleModel(Doubling(), "abc")
    image = torch.rand(2, 70, 90, 3)
    wanted = (interpolate(image.movedim(-1, 1), scale_factor=2) * 2 - 0.5).clamp(0, 1).movedim(1, -1)
    torch.testing.assert_close(model.upscale(image), wanted)
    monkeypatch.setattr(upscaling, "TILE", 48)
    torch.testing.assert_close(model.upscale(image), wanted, atol=1e-5, rtol=1e-5)
