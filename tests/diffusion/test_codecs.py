"""Digests, sizes and copies of socket values."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphexec.diffusion.codecs import clone, digest, size

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(plain, plain)
def test_equal_digests_mean_equal_values(a, b):
    assert digest(a) is not None
    assert (digest(a) == digest(b)) == (repr_sorted(a) == repr_sorted(b))


def repr_sorted(value):
    """A text that tells plain values apart as `digest` should: 1, True and 1.0 differ, the order of keys does not."""
    match value:
        case dict():
            return "{" + ",".join(sorted(f"{k!r}:{repr_sorted(v)}" for k, v in value.items())) + "}"
        case list():
            return "[" + ",".join(map(repr_sorted, value)) + "]"
    return repr(value)


def latent():
    return {"samples": torch.arange(8.0).reshape(1, 2, 2, 2), "batch_index": [0]}


@pytest.mark.parametrize(
    "other",
    [
        {"samples": torch.arange(8.0).reshape(1, 2, 2, 2), "batch_index": [1]},
        {"samples": torch.arange(8.0).reshape(2, 1, 2, 2), "batch_index": [0]},
        {"samples": torch.arange(8.0).reshape(1, 2, 2, 2).double(), "batch_index": [0]},
        {"samples": torch.arange(8.0).reshape(1, 2, 2, 2) + 1e-6, "batch_index": [0]},
        {"samples": torch.arange(8.0).reshape(1, 2, 2, 2)},
    ],
)
def test_tensors_count_by_content_shape_and_type(other):
    assert digest(latent()) == digest(latent()) != digest(other)


def test_strides_do_not_count_but_signs_of_zero_do():
    tensor = torch.arange(6.0).reshape(2, 3)
    assert digest(tensor.T.contiguous()) == digest(tensor.T)
    assert digest(torch.tensor([0.0])) != digest(torch.tensor([-0.0]))
    assert digest(torch.tensor(3)) != digest(torch.tensor([3]))


@pytest.mark.parametrize("dtype", [torch.bool, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.int64])
def test_every_type_has_a_digest(dtype):
    assert digest(torch.ones(3).to(dtype)) != digest(torch.zeros(3).to(dtype))


def test_foreign_objects_have_none_wherever_they_stand():
    for value in (object(), lambda: 1, [1, object()], {"a": [object()]}, {1, 2}):
        assert digest(value) is None


def test_copies_are_independent():
    value = [[latent()["samples"], {"pooled_output": torch.ones(2), "n": (1, [2])}]]
    copy = clone(value)
    before = digest(value)
    assert digest(copy) == before
    copy[0][0].zero_()
    copy[0][1]["pooled_output"][0] = 7
    copy[0][1]["n"][1].append(3)
    assert digest(value) == before != digest(copy)


def test_sizes():
    assert size(latent()) == 32 + len("samples") + len("batch_index") + 64
    assert size("abc") == 3
    assert size([torch.zeros(4).half(), torch.zeros(2, dtype=torch.int64)]) == 8 + 16
