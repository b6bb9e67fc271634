"""Texts out of JPEG and FLAC files, whole and damaged."""

import contextlib
import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from graphexec.document.load import load_source
from graphexec.document.pictures.containers import BadPicture, picture_kind, picture_texts


def texts(data):
    return picture_texts(data, picture_kind(data))


def jpeg(**tags):
    """Return a JPEG by Pillow with EXIF tags by number, or `comment` as the user comment."""
    image = Image.new("RGB", (4, 4))
    exif = image.getexif()
    for tag, text in tags.items():
        if tag == "comment":
            exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode("utf-16-be")
        else:
            exif[int(tag[1:], 16)] = text
    stream = io.BytesIO()
    image.save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def block(kind, content, last=False):
    return bytes([kind | 0x80 * last]) + struct.pack(">I", len(content))[1:] + content


def comments(*items):
    packed = [struct.pack("<I", len(item.encode())) + item.encode() for item in ("vendor", *items)]
    return packed[0] + struct.pack("<I", len(items)) + b"".join(packed[1:])


def flac(*items):
    return b"fLaC" + block(0, b"x" * 34) + block(4, comments(*items)) + block(1, b"\0" * 8, last=True) + b"\xff\xf8"


def test_jpeg_by_pillow():
    assert texts(jpeg(x0110='prompt:{"a": 1}', x010F='workflow:{"b": 2}')) == {
        "prompt": '{"a": 1}',
        "workflow": '{"b": 2}',
    }
    assert texts(jpeg(comment="a fox\nSteps: 20")) == {"parameters": "a fox\nSteps: 20"}
    assert texts(jpeg()) == {}


def test_flac():
    assert texts(flac('prompt={"a": "x=y"}', "PARAMETERS=é", "no equals")) == {
        "prompt": '{"a": "x=y"}',
        "parameters": "é",
    }
    assert texts(flac()) == {}


@pytest.mark.parametrize("data", [jpeg(x0110="prompt:{}"), flac("prompt={}")])
def test_files_that_are_cut_off(data):
    whole = texts(data)
    for end in range(4, len(data)):
        with contextlib.suppress(BadPicture):
            assert texts(data[:end]).items() <= whole.items()


@given(st.binary(min_size=1, max_size=60), st.sampled_from([b"\xff\xd8\xff", b"fLaC", b"fLaC\x84\0\0\x20"]))
def test_any_bytes(data, start):
    with contextlib.suppress(BadPicture):
        texts(start + data)


def test_they_are_workflows(tmp_path):
    prompt = '{"1": {"class_type": "PrimitiveInt", "inputs": {"value": 1}}}'
    for name, data in (("a.jpg", jpeg(x0110=f"prompt:{prompt}")), ("a.flac", flac(f"prompt={prompt}"))):
        (tmp_path / name).write_bytes(data)
        source = load_source(tmp_path / name)
        assert source.text == prompt and source.name.endswith(f"{name}#prompt")
