"""Batches regrouped: nothing lost, order kept, and the noise of every latent what it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
from graphexec.diffusion import image_batches as batches  # noqa: E402
from graphexec.errors import NodeError  # noqa: E402


def images(count, height=2, width=3, start=0):
    return torch.arange(start, start + count).float()[:, None, None, None].expand(-1, height, width, 3)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(1, 6))
def test_images_keep_their_order_in_batches_of_the_size(counts, size):
    starts = [sum(counts[:i]) for i in range(len(counts))]
    found = batches.rebatch_images([images(n, start=s) for n, s in zip(counts, starts)], size)
    assert [len(b) for b in found[:-1]] == [size] * (len(found) - 1) and 1 <= len(found[-1]) <= size
    assert torch.cat(found)[:, 0, 0, 0].tolist() == list(range(sum(counts)))


def test_unlike_images_are_refused_only_within_a_batch():
    unlike = [images(2), images(1, height=5)]
    assert [len(b) for b in batches.rebatch_images(unlike, 2)] == [2, 1]
    with pytest.raises(NodeError, match=r"\(2, 3, 3\), \(5, 3, 3\)"):
        batches.rebatch_images(unlike, 3)


def test_latents_are_counted_on_over_batches_and_split_where_shapes_change():
    a, b = torch.rand(3, 4, 2, 2), torch.rand(2, 4, 5, 5)
    found = batches.rebatch_latents([{"samples": a}, {"samples": b, "batch_index": [7, 9]}, {"samples": b}], 2)
    assert [latent["samples"].shape[0] for latent in found] == [2, 1, 2, 2]
    assert [latent["batch_index"] for latent in found] == [[0, 1], [2], [7, 9], [5, 6]]
    assert torch.equal(torch.cat([latent["samples"] for latent in found[:2]]), a)
    assert not any("noise_mask" in latent for latent in found)


def test_masks_follow_their_latents_in_pixels():
    mask = torch.zeros(1, 2, 2)
    mask[:, 0] = 1
    found = batches.rebatch_latents([{"samples": torch.rand(3, 4, 2, 2), "noise_mask": mask}], 2)
    assert [latent["noise_mask"].shape for latent in found] == [(2, 1, 16, 16), (1, 1, 16, 16)]
    assert (found[1]["noise_mask"][0, 0, 0] == 1).all() and (found[1]["noise_mask"][0, 0, -1] == 0).all()


def test_seed_behaviour():
    latent = {"samples": torch.rand(3, 4, 2, 2), "batch_index": [4, 5, 6]}
    assert "batch_index" not in batches.with_seed_behavior(latent, "random")
    assert batches.with_seed_behavior(latent, "fixed")["batch_index"] == [4, 4, 4]
    assert batches.with_seed_behavior({"samples": latent["samples"]}, "fixed")["batch_index"] == [0, 0, 0]


def test_picking_stays_inside():
    assert batches.pick(images(4), 2, 5)[:, 0, 0, 0].tolist() == [2, 3]
    assert batches.pick(images(4), 9, 1)[:, 0, 0, 0].tolist() == [3]
