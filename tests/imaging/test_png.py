"""Writing PNG: rounding as ComfyUI rounds, the same bytes every time, nothing but pixels inside."""

import io
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from graphexec.errors import NodeError
from graphexec.imaging.png import encode, quantize


def decoded(content):
    return np.asarray(Image.open(io.BytesIO(content)))


def test_the_fraction_is_cut_off_and_values_are_clipped():
    values = np.array([-1.0, -0.001, 0.0, 0.0039, 0.004, 0.5, 0.999, 1.0, 1.5], np.float32)
    assert quantize(values).tolist() == [0, 0, 0, 0, 1, 127, 254, 255, 255]


@given(st.integers(0, 255))
def test_eight_bit_values_survive(level):
    """A picture that was read and is written again stays what it was."""
    assert quantize(np.float32([level]) / np.float32(255))[0] == level


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_pixels_come_back(channels, mode):
    pixels = np.random.default_rng(0).random((7, 5, channels), np.float32)
    content = encode(pixels)
    assert Image.open(io.BytesIO(content)).mode == mode
    assert (decoded(content).reshape(7, 5, channels) == quantize(pixels)).all()


def test_no_metadata_and_the_same_bytes_in_another_process():
    program = (
        "import numpy as np, hashlib; from graphexec.imaging.png import encode;"
        "print(hashlib.sha256(encode(np.linspace(0, 1, 3000, dtype=np.float32).reshape(20, 50, 3))).hexdigest())"
    )
    run = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in "ab"]
    assert run[0].stdout == run[1].stdout
    assert Image.open(io.BytesIO(encode(np.zeros((2, 2, 3), np.float32)))).info == {}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_an_error(bad):
    pixels = np.zeros((2, 2, 3), np.float32)
    pixels[1, 0, 2] = bad
    with pytest.raises(NodeError, match="not finite"):
        encode(pixels)


@pytest.mark.parametrize("shape", [(2, 2), (2, 2, 2), (1, 2, 2, 3)])
def test_shapes_that_are_no_image(shape):
    with pytest.raises(NodeError, match="cannot be written"):
        encode(np.zeros(shape, np.float32))
