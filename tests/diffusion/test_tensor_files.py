"""Values with tensors as safetensors: bits, types, shapes and layout in memory come back."""

import struct
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphexec.diffusion import tensor_files
from graphexec.encoding import Unstorable
from graphexec.ports import Blocked
from nodes.hooks import HOOKS

TYPES = [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8, torch.bool]
TYPES += [torch.float8_e4m3fn, torch.float8_e5m2, torch.int32, torch.uint16]


def bits(tensor):
    """The bytes of a tensor in the order of its dimensions."""
    return tensor.contiguous().reshape(-1).view(torch.uint8)


def same(one, two):
    """Whether two tensors are the same: type, shape, strides and bits (NaNs and signs of zero included)."""
    form = (one.dtype, one.shape, one.stride()) == (two.dtype, two.shape, two.stride())
    return form and torch.equal(bits(one), bits(two))


def back(value):
    encoded = HOOKS.encode(value)
    assert encoded.media_type == "application/x-safetensors" and HOOKS.encode(value) == encoded
    return HOOKS.decode(encoded)


@given(st.lists(st.integers(0, 4), max_size=4), st.sampled_from(TYPES), st.randoms(use_true_random=False))
def test_a_tensor_in_any_order_of_dimensions_comes_back(shape, dtype, rng):
    raw = torch.randint(0, 255, (*shape, dtype.itemsize), dtype=torch.uint8)
    tensor = (raw[..., 0] > 127) if dtype is torch.bool else raw.view(dtype).reshape(shape)
    order = list(range(tensor.ndim))
    rng.shuffle(order)
    turned = tensor.permute(order)
    found = back(turned)
    assert (found.dtype, found.shape) == (turned.dtype, turned.shape) and torch.equal(bits(found), bits(turned))
    if turned.numel() and 1 not in turned.shape:  # otherwise strides are arbitrary
        assert found.stride() == turned.stride()


def test_channels_last_and_repeated_tensors_keep_their_layout():
    image = torch.randn(2, 3, 4, 5)
    for tensor in (
        image.permute(0, 2, 3, 1),
        image.to(memory_format=torch.channels_last),
        torch.randn(1, 3).expand(4, 3),
    ):
        assert same(back(tensor), tensor)
    assert same(back(image[:, 1:, ::2]), image[:, 1:, ::2].contiguous())
    assert len(HOOKS.encode(torch.zeros(1, 1).expand(1000, 1000)).content) < 1000


def test_nothing_of_the_rest_of_a_view_is_stored():
    assert len(HOOKS.encode(torch.zeros(1000, 1000)[:1]).content) < 5000


def test_socket_values_come_back_with_everything_around_their_tensors():
    states, pooled, mask = torch.randn(1, 77, 8), torch.randn(1, 8), torch.rand(1, 4, 4)
    options = {"pooled_output": pooled, "mask": mask, "area": (1, 2, 3, 4), "strength": 0.5, "name": "a", 3: None}
    conditioning = [[states, options], [states, {}]]
    found = back(conditioning)
    assert [type(item) for item in found] == [list, list] and list(found[0][1]) == list(options)
    assert found[0][1]["area"] == (1, 2, 3, 4) and same(found[0][0], states) and same(found[0][1]["mask"], mask)
    assert found[1][0] is found[0][0] or same(found[1][0], states)
    latent = {"samples": torch.randn(2, 4, 8, 8), "noise_mask": mask, "batch_index": [0, 1]}
    assert HOOKS.digest(back(latent)) == HOOKS.digest(latent)
    listed = [torch.randn(2), Blocked("no"), "text"]
    assert back(listed)[1:] == [Blocked("no"), "text"]


def test_tensors_of_inference_mode_are_stored():
    with torch.inference_mode():
        tensor = torch.randn(2, 3).permute(1, 0)
    assert same(back(tensor), tensor)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([torch.zeros(1), object()], "a value of type object"),
        (torch.zeros(2, dtype=torch.complex64), "complex64"),
        (torch.zeros(2, 2).to_sparse(), "sparse"),
    ],
)
def test_what_has_no_such_form_is_refused_with_the_reason(value, reason):
    with pytest.raises(Unstorable, match=reason):
        HOOKS.encode(value)


def test_a_file_that_is_not_one_of_ours_is_refused():
    from safetensors.torch import save

    for content in (save({"a": torch.zeros(1)}), struct.pack("<Q", 5) + b"{}   ", b"", b"x" * 100):
        with pytest.raises(ValueError):
            tensor_files.decode(content, lambda kind, item: None)


def test_plain_values_are_encoded_and_decoded_without_torch():
    work = "print(HOOKS.decode(HOOKS.encode({'a': (1, 'x')})), 'torch' in sys.modules)"
    code = f"import sys; from nodes.hooks import HOOKS; {work}"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "{'a': (1, 'x')} False"
