"""The autoencoder and its handle: shapes, cropping, batches, tiles."""

from __future__ import annotations

import weakref

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch.testing import assert_close

from graphexec.diffusion.devices import place
from graphexec.diffusion.loading.checkpoint import load_vae
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.models.autoencoder import AttentionBlock, Autoencoder
from graphexec.diffusion.models.autoencoder_layout import AutoencoderLayout, Level
from graphexec.diffusion.notices import heard_by
from graphexec.diffusion.vae_tiling import tiled
from graphexec.errors import NodeError
from tests.diffusion.layouts import drawn, meta

LAYOUT = AutoencoderLayout(
    channels=4,
    moments=8,
    down=tuple(Level(((32, 32),), 0, level < 3) for level in range(4)),
    up=tuple(Level(((32, 32), (32, 32)), int(level == 3), level > 0) for level in range(4)),
)


@pytest.fixture(scope="module")
def vae(tmp_path_factory):
    path = tmp_path_factory.mktemp("vae") / "vae.safetensors"
    save_file(drawn(meta(Autoencoder, LAYOUT)), path)
    handle = load_vae(path, WeightsPool())
    assert handle.layout == LAYOUT and handle.downscale == 8
    return handle


def picture(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 31), (24, 40)])
def test_sides_are_cropped_around_the_centre(vae, height, width):
    image = picture(1, height, width, 3)
    latent = vae.encode(image)
    h, w = height // 8, width // 8
    assert latent.shape == (1, 4, h, w)
    top, left = (height - 8 * h) // 2, (width - 8 * w) // 2
    assert torch.equal(vae.encode(image[:, top : top + 8 * h, left : left + 8 * w]), latent)
    back = vae.decode(latent)
    assert back.shape == (1, 8 * h, 8 * w, 3) and back.dtype is torch.float32
    assert back.min() >= 0 and back.max() <= 1


def test_alpha_is_left_out_and_items_do_not_mix(vae):
    image = picture(2, 16, 16, 4)
    latent = vae.encode(image)
    assert torch.equal(latent, vae.encode(image[..., :3]))
    for i in range(2):
        assert torch.equal(vae.encode(image[i : i + 1]), latent[i : i + 1])
        assert torch.equal(vae.decode(latent[i : i + 1]), vae.decode(latent)[i : i + 1])


def test_pixels_go_in_as_minus_one_to_one(vae):
    image = picture(1, 16, 16, 3)
    mean = vae.module().encode(image.movedim(-1, 1) * 2 - 1)
    assert_close(vae.encode(image), mean)
    assert_close(vae.decode(mean), (vae.module().decode(mean) / 2 + 0.5).clamp(0, 1).movedim(1, -1))


def test_the_order_in_memory_does_not_count(vae):
    image = picture(1, 32, 32, 3)
    strided = image.movedim(-1, 1).contiguous().movedim(1, -1)
    latent = vae.encode(image)
    assert torch.equal(vae.encode(strided), latent) and latent.is_contiguous()
    image = vae.decode(latent)
    assert torch.equal(vae.decode(latent.to(memory_format=torch.channels_last)), image) and image.is_contiguous()
    assert torch.equal(vae.encode_tiled(strided, 64, 8), vae.encode_tiled(picture(1, 32, 32, 3), 64, 8))


def orders(vae, work):
    """The feature maps of an autoencoder whose channels are not the innermost in memory, by module, while it works."""
    module, found = vae.module(), []

    def look(name, _, out):
        if out.shape[1] > 3 and not out.is_contiguous(memory_format=torch.channels_last):
            found.append(name)

    handles = [
        part.register_forward_hook(lambda _, i, out, name=name: look(name, i, out))
        for name, part in module.named_modules()
        if name.startswith(("encoder.", "decoder.")) and not name.endswith("proj_out")
    ]
    work(vae)
    for handle in handles:
        handle.remove()
    return found


@pytest.mark.parametrize("half", ["encoder", "decoder"])
def test_maps_go_when_they_are_used_up(vae, half):
    """Where a convolution or norm begins, its block's input and its own are held, and none else: each is 67 to 134 MB
    where 512 x 512 pixels are decoded in bf16.
    """
    made, held = [], []

    def before(layer, inputs):
        held.append(sum(ref() is not None for ref in made))

    def after(layer, inputs, output):
        made.append(weakref.ref(output))

    part = getattr(vae.module(), half)
    steps = [step for step in part.steps if not isinstance(step, AttentionBlock)]
    layers = [m for step in steps for m in step.modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.GroupNorm))]
    hooks = [h for m in layers for h in (m.register_forward_pre_hook(before), m.register_forward_hook(after))]
    try:
        vae.encode(picture(1, 16, 16, 3)) if half == "encoder" else vae.decode(torch.zeros(1, 4, 2, 2))
    finally:
        for hook in hooks:
            hook.remove()
    assert held and max(held) <= 2


def test_half_precision_stays_channels_last(tmp_path):
    """In the other order each convolution copies its input and output, which takes longer than the arithmetic."""
    save_file(drawn(meta(Autoencoder, LAYOUT)), tmp_path / "vae.safetensors")
    latent = torch.randn(1, 4, 6, 5, generator=torch.Generator().manual_seed(1))
    wide, narrow = (
        load_vae(tmp_path / "vae.safetensors", WeightsPool(), place("cpu", {"autoencoder": name}))
        for name in ("fp32", "bf16")
    )
    assert orders(narrow, lambda vae: vae.decode(latent)) == []
    assert orders(narrow, lambda vae: vae.encode(picture(1, 48, 40, 3))) == []
    assert "decoder.up.3.block.0.conv1" in orders(wide, lambda vae: vae.decode(latent)), "the test would not see it"
    assert_close(narrow.decode(latent), wide.decode(latent), atol=0.05, rtol=0)


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("grad", [False, True])
def test_attention_keeps_the_order_in_memory(batch, order, grad):
    """In fp32 the convolutions behind it would else compute other bits than those before it."""
    layer = AttentionBlock(64)
    layer.load_state_dict(drawn(layer, dtype=torch.float32))
    x = torch.randn(batch, 64, 9, 13, generator=torch.Generator().manual_seed(1)).contiguous(memory_format=order)
    with torch.set_grad_enabled(grad):
        assert layer(x).is_contiguous(memory_format=order)


class TestBudget:
    """What would take more than the placement's memory is done in tiles, and the user is told."""

    @pytest.fixture
    def sized(self, tmp_path):
        """Return a function that opens the autoencoder with so much memory beside its weights."""
        save_file(drawn(meta(Autoencoder, LAYOUT)), tmp_path / "vae.safetensors")
        free = load_vae(tmp_path / "vae.safetensors", WeightsPool())

        def opened(room):
            memory = free.weight_bytes + room
            return load_vae(tmp_path / "vae.safetensors", WeightsPool(memory), place("cpu", {}, memory)), free

        return opened

    @pytest.mark.parametrize("over", [0, 1])
    def test_decoding(self, sized, over):
        latent = torch.randn(1, 4, 36, 33, generator=torch.Generator().manual_seed(1))
        vae, free = sized(sized(0)[1].working_bytes(288, 264, decodes=True) - over)
        heard = []
        with heard_by(heard.append):
            made = vae.decode(latent)
        assert torch.equal(made, free.decode_tiled(latent, 32, 8) if over else free.decode(latent))
        assert [text[:34] for text in heard] == ["decoded in tiles of 256 x 256 pixe"] * over
        assert (vae.identity == free.identity) is False, "its results may differ"

    @pytest.mark.parametrize("over", [0, 1])
    def test_encoding(self, sized, over):
        image = picture(1, 264, 288, 3)
        vae, free = sized(sized(0)[1].working_bytes(264, 288, decodes=False) - over)
        heard = []
        with heard_by(heard.append):
            made = vae.encode(image)
        assert torch.equal(made, free.encode_tiled(image, 256, 32) if over else free.encode(image))
        assert [text[:34] for text in heard] == ["encoded in tiles of 256 x 256 pixe"] * over

    def test_tiles_are_as_large_as_fit(self, sized):
        free = sized(0)[1]
        for side in (256, 512, 1024):
            vae, _ = sized(free.working_bytes(side, side, decodes=True))
            assert vae._tile(4096, 512, decodes=True) == side
        assert sized(0)[0]._tile(256, 256, decodes=True) is None  # no smaller tiles
        assert free._tile(1 << 20, 1 << 20, decodes=True) is None

    def test_others_give_way(self, sized):
        vae, _ = sized(sized(0)[1].working_bytes(64, 64, decodes=True))
        vae.pool.get("other", lambda: None, lambda _: 1000)
        vae.decode(torch.zeros(1, 4, 8, 8))
        assert vae.pool.held == vae.weight_bytes


@pytest.mark.parametrize(
    ("call", "value"),
    [("encode", (1, 7, 64, 3)), ("encode", (64, 64, 3)), ("decode", (1, 16, 8, 8)), ("decode", (4, 8, 8))],
)
def test_wrong_shapes_are_errors_in_words(vae, call, value):
    with pytest.raises(NodeError):
        getattr(vae, call)(torch.zeros(value))


def test_tiles_agree_with_the_whole_where_they_see_enough(vae):
    latent = torch.randn(1, 4, 12, 12, generator=torch.Generator().manual_seed(1))
    assert_close(vae.decode_tiled(latent, 24, 4), vae.decode(latent))
    assert vae.decode_tiled(latent, 8, 2).shape == (1, 96, 96, 3)
    image = picture(1, 96, 96, 3)
    assert_close(vae.encode_tiled(image, 192, 32), vae.encode(image))
    assert vae.encode_tiled(image, 64, 16).shape == (1, 4, 12, 12)


sides, tiles = st.integers(1, 40), st.integers(4, 20)


@given(st.tuples(sides, sides), st.tuples(tiles, tiles), st.integers(0, 3), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_tiling_a_pointwise_function_changes_nothing(shape, tile, overlap, scale):
    image = torch.rand(2, 3, *shape)

    def enlarge(x):
        assert x.shape[2] <= tile[0] and x.shape[3] <= tile[1]
        return (2 * x[:, :2]).repeat_interleave(scale, 2).repeat_interleave(scale, 3)

    whole = (2 * image[:, :2]).repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    assert_close(tiled(image, enlarge, tile, overlap, scale, 2), whole, atol=1e-6, rtol=1e-6)


def test_overlapping_tiles_blend_linearly():
    """Tiles that disagree meet in a ramp whose weights are (t + 1) / overlap from either side."""
    calls = iter([0.0, 1.0])
    out = tiled(torch.zeros(1, 1, 4, 12), lambda x: torch.full_like(x, next(calls)), (4, 8), 4, 1, 1)[0, 0, 0]
    a, b = torch.tensor([4, 3, 2, 1]) / 4, torch.tensor([1, 2, 3, 4]) / 4
    assert_close(out, torch.cat([torch.zeros(4), b / (a + b), torch.ones(4)]))


def test_an_overlap_as_large_as_a_tile_is_an_error(vae):
    with pytest.raises(NodeError, match="overlap"):
        vae.decode_tiled(torch.zeros(1, 4, 32, 32), 8, 4)


def test_a_file_without_autoencoder_is_refused(tmp_path):
    save_file({"w": torch.zeros(2)}, tmp_path / "a.safetensors")
    with pytest.raises(BadModelFile, match="holds no autoencoder"):
        load_vae(tmp_path / "a.safetensors", WeightsPool())
    save_file({"decoder.conv_in.weight": torch.zeros(2)}, tmp_path / "b.safetensors")
    with pytest.raises(BadModelFile, match="lacks the tensor"):
        load_vae(tmp_path / "b.safetensors", WeightsPool())
