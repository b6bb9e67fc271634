"""Latents: batches and their indices, geometry, arithmetic, files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402

from graphexec.diffusion import latent_files, latents  # noqa: E402
from graphexec.errors import NodeError  # noqa: E402


def latent(batch=2, height=6, width=8, seed=0, **more):
    return {"samples": torch.randn(batch, 4, height, width, generator=torch.Generator().manual_seed(seed)), **more}


def same(a, b):
    torch.testing.assert_close(a["samples"], b["samples"])


def test_an_empty_latent_has_an_eighth_of_the_size():
    made = latents.empty(100, 64, 3)
    assert made["samples"].shape == (3, 4, 8, 12) and not made["samples"].any()


@given(st.integers(1, 5), st.integers(0, 8), st.integers(1, 8))
def test_items_of_a_batch_keep_their_place_in_the_noise(batch, start, length):
    whole = latent(batch, noise_mask=torch.rand(batch, 1, 4, 4))
    picked = latents.from_batch(whole, start, length)
    first = min(start, batch - 1)
    wanted = list(range(batch))[first : first + length]
    assert picked["batch_index"] == wanted
    assert torch.equal(picked["samples"], whole["samples"][wanted])
    if batch > 1:
        assert torch.equal(picked["noise_mask"], whole["noise_mask"][wanted])


def test_picking_twice_keeps_the_first_indices():
    once = latents.from_batch(latent(6), 2, 3)
    assert latents.from_batch(once, 1, 2)["batch_index"] == [3, 4]


def test_a_mask_for_fewer_items_is_repeated_before_picking():
    mask = torch.arange(2.0).reshape(2, 1, 1, 1).expand(2, 1, 4, 4)
    assert latents.from_batch(latent(5, noise_mask=mask), 3, 2)["noise_mask"][:, 0, 0, 0].tolist() == [1.0, 0.0]
    one = torch.ones(1, 1, 4, 4)
    assert latents.from_batch(latent(5, noise_mask=one), 3, 2)["noise_mask"].shape[0] == 1


def test_repeating_gives_each_copy_new_indices():
    again = latents.repeat(latent(2, batch_index=[3, 5]), 3)
    assert again["samples"].shape[0] == 6 and again["batch_index"] == [3, 5, 6, 8, 9, 11]
    assert "batch_index" not in latents.repeat(latent(2), 2)
    assert torch.equal(again["samples"][2:4], latent(2)["samples"])


def test_a_joined_batch_has_the_indices_of_both():
    joined = latents.concatenate(latent(2, batch_index=[4, 9]), latent(1, 3, 4, seed=1))
    assert joined["samples"].shape == (3, 4, 6, 8) and joined["batch_index"] == [4, 9, 0]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [((128, 48), (8, 16)), ((0, 96), (12, 16)), ((128, 0), (12, 16)), ((8, 8), (8, 8)), ((0, 8), (8, 10))],
)
def test_upscaling_to_pixels(asked, wanted):
    assert latents.upscale(latent(), "bilinear", *asked, "disabled")["samples"].shape[2:] == wanted


def test_upscaling_to_nothing_changes_nothing():
    same(latents.upscale(latent(), "bilinear", 0, 0, "disabled"), latent())


def test_quarter_turns_and_mirrors_are_a_group():
    start = latent(noise_mask=torch.ones(1, 1, 2, 2))
    turned = start
    for _ in range(4):
        turned = latents.rotate(turned, 1)
    same(turned, start)
    same(latents.rotate(start, 2), latents.flip(latents.flip(start, "x"), "y"))
    assert torch.equal(latents.rotate(start, 1)["samples"][0, 0, 0], start["samples"][0, 0, :, 0].flip(0))
    assert turned["noise_mask"] is start["noise_mask"]


def test_arithmetic_laws():
    a, b = latent(), latent(seed=1)
    same(latents.subtract(latents.add(a, b), b), a)
    same(latents.multiply(a, -1.5), {"samples": a["samples"] * -1.5})
    same(latents.blend(a, b, 1.0), a)
    same(latents.blend(a, b, 0.0), b)
    same(latents.interpolate(a, b, 1.0), a)
    same(latents.interpolate(a, b, 0.0), b)
    zero = {"samples": torch.zeros(2, 4, 6, 8)}
    assert latents.interpolate(zero, zero, 0.5)["samples"].isfinite().all()


def test_the_second_follows_the_first_in_size_and_batch():
    total = latents.add(latent(3), latent(1, 3, 3, seed=1))
    assert total["samples"].shape == (3, 4, 6, 8)
    with pytest.raises(NodeError, match="channels"):
        latents.add(latent(), {"samples": torch.zeros(1, 16, 6, 8)})


def test_inputs_are_never_written_to():
    a, b = latent(), latent(seed=1)
    copies = a["samples"].clone(), b["samples"].clone()
    for made in (
        latents.composite(a, b, 8, 8, 16),
        latents.composite_masked(a, b, 8, 0, False, torch.rand(1, 5, 5)),
        latents.from_batch(a, 0, 1),
        latents.with_noise_mask(a, torch.ones(5, 5)),
    ):
        made["samples"].data.add_(0)
    assert torch.equal(a["samples"], copies[0]) and torch.equal(b["samples"], copies[1])
    assert set(a) == {"samples"}


@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 5))
def test_pasting_pixel_by_pixel(x, y, feather):
    """Against a loop; places partly or wholly outside included."""
    from graphexec.diffusion.compositing import paste

    destination, source = latent(1)["samples"], latent(1, 3, 4, seed=1)["samples"]
    mask = torch.rand(1, 3, 4)
    pasted = paste(destination, source, x, y, mask, False)
    wanted = destination.clone()
    for i in range(3):
        for j in range(4):
            if 0 <= y + i < 6 and 0 <= x + j < 8:
                m = mask[0, i, j]
                wanted[0, :, y + i, x + j] = m * source[0, :, i, j] + (1 - m) * destination[0, :, y + i, x + j]
    torch.testing.assert_close(pasted, wanted)


def test_a_crop_begins_inside():
    big = latent(1, 20, 30)
    cut = latents.crop(big, 64, 72, 8, 16)
    assert torch.equal(cut["samples"], big["samples"][:, :, 2:11, 1:9])
    assert latents.crop(big, 64, 64, 10_000, 10_000)["samples"].shape == (1, 4, 8, 8)
    assert latents.crop(latent(1, 4, 4), 64, 64, 16, 16)["samples"].shape == (1, 4, 4, 4)


def test_files_round_trip(tmp_path):
    path = tmp_path / "a.latent"
    path.write_bytes(latent_files.dump(latent(noise_mask=torch.ones(1))))
    loaded = latent_files.load(path)
    assert set(loaded) == {"samples"}
    assert torch.equal(loaded["samples"], latent()["samples"])


def test_first_generation_files_are_rescaled(tmp_path):
    samples = latent()["samples"]
    save_file({"latent_tensor": samples.half()}, tmp_path / "old.latent")
    loaded = latent_files.load(tmp_path / "old.latent")["samples"]
    assert loaded.dtype == torch.float32
    torch.testing.assert_close(loaded * 0.18215, samples, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("content", [b"", b"not a latent", b"\xff" * 100])
def test_other_files_are_named(tmp_path, content):
    (tmp_path / "x.latent").write_bytes(content)
    with pytest.raises(NodeError, match=r"x\.latent is not a latent file"):
        latent_files.load(tmp_path / "x.latent")


def test_safetensors_of_something_else_are_named(tmp_path):
    save_file({"weight": torch.zeros(2)}, tmp_path / "x.latent")
    with pytest.raises(NodeError, match="holds no latent_tensor"):
        latent_files.load(tmp_path / "x.latent")
