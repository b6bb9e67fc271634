"""Encoded files into exactly the values that they hold."""

import contextlib
import json
import struct

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from graphexec.errors import NodeError
from graphexec.imaging import animation, png
from graphexec.imaging.contents import picture, tensors


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_png_gives_its_pixels(channels):
    levels = np.random.default_rng(0).integers(0, 256, (5, 7, channels)).astype(np.uint8)
    content = png.encode((levels.astype(np.float32) + 0.5) / 255)
    assert np.array_equal(picture(content), levels[None])


def test_an_animation_gives_all_frames():
    frames = np.random.default_rng(0).random((3, 16, 16, 3), np.float32)
    levels = png.quantize(frames)
    assert np.array_equal(picture(animation.apng(frames, 6, 4))[..., :3], levels)
    assert np.array_equal(picture(animation.webp(frames, 6, True, 80, "fastest"))[..., :3], levels)


def test_a_safetensors_file_gives_its_tensors():
    made = {
        "a": torch.randn(2, 3), "b": torch.randn(4).to(torch.bfloat16), "c": torch.arange(6).reshape(1, 2, 3),
        "d": torch.tensor(True), "e": torch.zeros(0, 3), "f": torch.randn(3).half(),
    }  # fmt: skip
    found = tensors(save(made, metadata={"note": "x"}))
    assert found.keys() == made.keys()
    for name, tensor in made.items():
        assert np.array_equal(found[name], tensor.float().numpy() if name == "b" else tensor.numpy())


@pytest.mark.parametrize("reader", [picture, tensors])
@given(st.binary(max_size=60))
def test_anything_else_is_refused_with_a_message(reader, content):
    with contextlib.suppress(NodeError):
        reader(content)


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 800]},
        {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1]},
        7,
    ],
)
def test_a_broken_header_is_refused(entry):
    header = json.dumps({"x": entry}).encode()
    with pytest.raises(NodeError, match="cannot be read"):
        tensors(struct.pack("<Q", len(header)) + header + bytes(4))
