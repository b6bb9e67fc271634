"""Reading image files: modes, frames, orientation, damage and bombs."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from graphexec.errors import NodeError
from graphexec.imaging import decoding
from graphexec.imaging.decoding import read_channel, read_image

RED, HALF = (200, 30, 40), (10, 20, 30, 51)


def saved(tmp_path, image, name="x.png", **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


def test_rgb_is_divided_by_255_and_its_mask_is_64_zeros(tmp_path):
    colours, mask = read_image(saved(tmp_path, Image.new("RGB", (5, 3), RED)))
    assert colours.shape == (1, 3, 5, 3) and colours.dtype == np.float32
    assert (colours == np.float32(RED) / np.float32(255)).all()
    assert mask.shape == (1, 64, 64) and not mask.any() and mask.dtype == np.float32


def test_transparency_is_the_mask(tmp_path):
    colours, mask = read_image(saved(tmp_path, Image.new("RGBA", (5, 3), HALF)))
    assert mask.shape == (1, 3, 5)
    np.testing.assert_allclose(mask, 1 - 51 / 255, rtol=1e-6)
    np.testing.assert_allclose(colours[0, 0, 0], np.array(HALF[:3]) / 255, rtol=1e-6)


def test_a_transparent_palette_entry_is_selected(tmp_path):
    image = Image.new("P", (4, 2), 1)
    image.putpalette([0, 0, 0, *RED])
    image.putpixel((0, 0), 0)
    colours, mask = read_image(saved(tmp_path, image, transparency=0))
    assert mask[0, 0, 0] == 1 and mask.sum() == 1
    np.testing.assert_allclose(colours[0, 1, 1] * 255, RED, atol=1e-4)


@pytest.mark.parametrize("mode", ["I;16", "I"])
def test_sixteen_bit_greys_are_scaled_by_255_and_cut_off(tmp_path, mode):
    values = np.array([[0, 254, 255, 511, 65024, 65280, 65535]], np.uint16)
    image = Image.fromarray(values) if mode == "I;16" else Image.fromarray(values.astype(np.int32))
    colours, _ = read_image(saved(tmp_path, image, "x.png" if mode == "I;16" else "x.tiff"))
    np.testing.assert_allclose(colours[0, 0, :, 0] * 255, [0, 0, 1, 2, 254, 255, 255], atol=1e-4)
    assert (colours[..., 0] == colours[..., 2]).all()


def test_frames_of_one_size_are_a_batch(tmp_path):
    frames = [Image.new("RGB", (6, 4), (i * 50, 0, 0)) for i in range(3)]
    path = saved(tmp_path, frames[0], "x.webp", save_all=True, append_images=frames[1:], lossless=True)
    colours, mask = read_image(path)
    np.testing.assert_allclose(colours[:, 0, 0, 0] * 255, [0, 50, 100], atol=1e-4)
    assert len(mask) == 3


def test_frames_of_other_sizes_are_left_out(tmp_path):
    pages = [Image.new("RGB", (6, 4)), Image.new("RGB", (3, 4)), Image.new("RGB", (6, 4), RED)]
    colours, mask = read_image(saved(tmp_path, pages[0], "x.tiff", save_all=True, append_images=pages[1:]))
    assert colours.shape == (2, 4, 6, 3) and len(mask) == 2


def test_orientation_is_applied_to_colours_and_mask(tmp_path):
    image = Image.new("RGBA", (6, 2), (0, 0, 0, 255))
    image.putpixel((5, 0), (255, 255, 255, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    colours, mask = read_image(saved(tmp_path, image, exif=exif))
    assert colours.shape == (1, 6, 2, 3)
    assert colours[0, 5, 1, 0] == 1 and mask[0, 5, 1] == 1 and mask.sum() == 1


@pytest.mark.parametrize(("channel", "wanted"), [("red", 10), ("green", 20), ("blue", 30), ("alpha", 255 - 51)])
def test_channels(tmp_path, channel, wanted):
    mask = read_channel(saved(tmp_path, Image.new("RGBA", (5, 3), HALF)), channel)
    assert mask.shape == (1, 3, 5)
    np.testing.assert_allclose(mask * 255, wanted, atol=1e-4)


def test_the_alpha_of_an_opaque_image_selects_nothing(tmp_path):
    mask = read_channel(saved(tmp_path, Image.new("L", (5, 3), 9)), "alpha")
    assert mask.shape == (1, 3, 5) and not mask.any()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width, height):
    """A PNG of a few bytes that claims to be huge."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(16384, 8193), (60000, 60000), (2**31 - 1, 2**31 - 1)])
def test_bombs_are_refused_before_they_are_decoded(tmp_path, size, monkeypatch):
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb(*size))
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("was decoded"))
    with pytest.raises(NodeError, match="134,217,728"):
        read_image(path)


def test_many_frames_count_together(tmp_path, monkeypatch):
    frames = [Image.new("L", (10, 10), i) for i in range(12)]
    path = saved(tmp_path, frames[0], "x.gif", save_all=True, append_images=frames[1:])
    monkeypatch.setattr(decoding, "PIXEL_LIMIT", 1199)
    with pytest.raises(NodeError, match="1,200 pixels"):
        read_image(path)


def test_a_small_image_of_a_large_side_is_read_without_warnings(tmp_path, recwarn, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    colours, _ = read_image(saved(tmp_path, Image.new("L", (10, 5))))
    assert colours.shape == (1, 5, 10, 3) and not recwarn.list


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif", "tiff", "bmp"])
def test_cut_off_files_are_named(tmp_path, kind):
    buffer = io.BytesIO()
    Image.effect_noise((200, 200), 90).convert("RGB").save(buffer, format=kind)
    path = tmp_path / f"cut.{kind}"
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    with pytest.raises(NodeError, match=r"cut\."):
        read_image(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"<svg/>"])
def test_other_files_are_no_images(tmp_path, content):
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(NodeError, match=r"x\.png is not an image"):
        read_image(path)


@given(st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_damage_never_escapes_as_another_error(tmp_path_factory, place, garbage):
    buffer = io.BytesIO()
    Image.effect_noise((16, 16), 90).save(buffer, format="PNG")
    data = buffer.getvalue()
    path = tmp_path_factory.getbasetemp() / "fuzz.png"
    path.write_bytes(data[:place] + garbage + data[place + len(garbage) :])
    try:
        colours, mask = read_image(path)
    except NodeError:
        return
    assert colours.ndim == 4 and mask.ndim == 3
