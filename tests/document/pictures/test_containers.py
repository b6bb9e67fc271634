"""Texts out of PNG, WebP and safetensors files, written by others and by hand, whole and damaged."""

import io
import json
import struct
import zlib

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from safetensors.numpy import save

from graphexec.document.pictures.containers import MAX_TEXT, PNG, BadPicture, picture_kind, picture_texts
from graphexec.report.metadata import splice_png


def png(*chunks):
    """Return a PNG of raw chunks (type, content); no picture is needed."""
    return PNG + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in (*chunks, (b"IEND", b""))
    )


def texts(data):
    return picture_texts(data, picture_kind(data))


def by_pillow(format, **options):
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, format, **options)
    return stream.getvalue()


def test_png_by_pillow():
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", '{"a": 1}')
    info.add_text("workflow", '{"b": 2}', zip=True)
    info.add_itxt("parameters", "größe ∑")
    info.add_itxt("more", "packed ∑", zip=True)
    expected = {"prompt": '{"a": 1}', "workflow": '{"b": 2}', "parameters": "größe ∑", "more": "packed ∑"}
    assert texts(by_pillow("PNG", pnginfo=info)) == expected


def test_png_of_our_own():
    assert texts(splice_png(by_pillow("PNG"), {"prompt": "{}", "workflow": "[]"})) == {"prompt": "{}", "workflow": "[]"}


def test_animated_png():
    assert texts(png((b"IDAT", b"xx"), (b"comf", b'prompt\0{"a": 1}'))) == {"prompt": '{"a": 1}'}


@pytest.mark.parametrize("raw", ["é".encode(), "é".encode("latin-1")])
def test_png_texts_in_either_encoding(raw):
    assert texts(png((b"tEXt", b"parameters\0" + raw))) == {"parameters": "é"}


def test_the_last_of_equal_keys_counts():
    assert texts(png((b"tEXt", b"prompt\0a"), (b"tEXt", b"Prompt\0b"))) == {"prompt": "b"}


def test_chunks_of_unknown_methods_are_passed_over():
    assert texts(png((b"zTXt", b"a\0\7xx"), (b"iTXt", b"b\0\7\0\0\0xx"))) == {}


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_webp_by_hand(order, prefix):
    data = webp(prefix + tiff(order, {0x0110: 'prompt:{"a": 1}', 0x010F: 'Workflow:{"b": 2}', 0x0111: "no colon"}))
    assert texts(data) == {"prompt": '{"a": 1}', "workflow": '{"b": 2}'}


def tiff(order, tags):
    sign = "<" if order == "little" else ">"
    head = (b"II" if order == "little" else b"MM") + struct.pack(sign + "HI", 42, 8)
    body, place = b"", 8 + 2 + 12 * len(tags) + 4
    entries = struct.pack(sign + "H", len(tags))
    for tag, text in tags.items():
        raw = text.encode() + b"\0"
        entries += struct.pack(sign + "HHII", tag, 2, len(raw), place + len(body))
        body += raw
    return head + entries + b"\0" * 4 + body


def webp(exif):
    odd = b"\0" * (len(exif) % 2)
    chunks = b"VP8 " + struct.pack("<I", 3) + b"xxx\0" + b"EXIF" + struct.pack("<I", len(exif)) + exif + odd
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def test_webp_by_pillow_as_comfyui_does():
    exif = Image.new("RGB", (4, 4)).getexif()
    exif[0x0110] = 'prompt:{"a": "x:y"}'
    exif[0x010F] = 'workflow:{"b": 2}'
    assert texts(by_pillow("WEBP", exif=exif)) == {"prompt": '{"a": "x:y"}', "workflow": '{"b": 2}'}


def test_webp_user_comment():
    exif = Image.new("RGB", (4, 4)).getexif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "a cat\nSteps: 5".encode("utf-16-be")
    assert texts(by_pillow("WEBP", exif=exif)) == {"parameters": "a cat\nSteps: 5"}


def test_latents():
    data = save({"latent_tensor": numpy.zeros((1, 4, 2, 2), "float32")}, {"prompt": '{"a": 1}', "workflow": "{}"})
    assert texts(data) == {"prompt": '{"a": 1}', "workflow": "{}"}
    assert texts(save({"x": numpy.zeros(1)})) == {}


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"1": {}}', b"nodes:\n  a: {}", b"\x00" * 40, b"graphexe{: 1}", b"GIF89a"]
)
def test_other_files_are_not_pictures(data):
    assert picture_kind(data) is None


def bomb():
    packer = zlib.compressobj(9)
    return b"".join([packer.compress(b" " * 2**20) for _ in range(MAX_TEXT // 2**20 + 1)]) + packer.flush()


@pytest.mark.parametrize("chunk", [(b"zTXt", b"prompt\0\0"), (b"iTXt", b"prompt\0\1\0\0\0")])
def test_bombs_are_refused(chunk):
    with pytest.raises(BadPicture, match="larger than any workflow"):
        texts(png((chunk[0], chunk[1] + bomb())))


@pytest.mark.parametrize(
    "data",
    [
        PNG,
        png((b"tEXt", b"prompt\0{}"))[:-9],
        PNG + b"\xff\xff\xff\xfftEXt",
        png((b"zTXt", b"prompt\0\0not packed")),
        png(*[(b"tEXt", b"a\0b")] * 1001),
        webp(b"x" * 100)[:-20],
        struct.pack("<Q", 20) + b"{" * 20,
        struct.pack("<Q", 400) + b'{"a":' * 80,
    ],
)
def test_damaged_files_are_refused(data):
    with pytest.raises(BadPicture):
        texts(data)


WHOLE = [
    png((b"tEXt", b"prompt\0{}"), (b"zTXt", b"a\0\0" + zlib.compress(b"x")), (b"iTXt", b"b\0\0\0\0\0x")),
    webp(tiff("little", {0x0110: "prompt:{}", 0x8769: "abcd"})),
    struct.pack("<Q", 40) + json.dumps({"__metadata__": {"prompt": "{}"}}).encode().ljust(40),
]


@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=6)), max_size=4),
    st.integers(0, 200),
)
def test_no_bytes_make_it_raise_anything_else(data, changes, length):
    for start, piece in changes:
        data = data[:start] + piece + data[start + len(piece) :]
    data = data[: max(length, 12)]
    if picture_kind(data):
        try:
            found = texts(data)
        except BadPicture:
            return
        assert all(isinstance(key, str) and isinstance(text, str) for key, text in found.items())
