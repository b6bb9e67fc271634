"""Metadata in files: readable by other programs, without touching pixels or tensors."""

import io
import json
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from graphexec.report.metadata import metadata_texts, png_texts, splice_png, splice_safetensors


def png(size=(3, 2), **save) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(buffer, format="PNG", **save)
    return buffer.getvalue()


def test_pillow_reads_what_is_spliced_and_the_pixels_stay():
    plain = png()
    prompt, workflow = {"3": {"inputs": {"text": "naïve ☃"}, "class_type": "A"}}, {"nodes": []}
    spliced = splice_png(plain, metadata_texts(prompt, workflow))
    before, after = Image.open(io.BytesIO(plain)), Image.open(io.BytesIO(spliced))
    assert before.tobytes() == after.tobytes()
    assert json.loads(after.text["prompt"]) == prompt
    assert json.loads(after.text["workflow"]) == workflow
    assert after.text["prompt"].isascii()


def test_chunks_lie_before_the_image_data_with_correct_checksums():
    spliced = splice_png(png(), {"prompt": "{}", "workflow": "[]"})
    kinds, position = [], 8
    while position < len(spliced):
        length, kind = struct.unpack_from(">I4s", spliced, position)
        body = spliced[position + 4 : position + 8 + length]
        assert struct.unpack_from(">I", spliced, position + 8 + length)[0] == zlib.crc32(body)
        kinds.append(kind)
        position += 12 + length
    assert kinds == [b"IHDR", b"tEXt", b"tEXt", b"IDAT", b"IEND"]


def test_same_layout_as_pillow_writes():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    texts = metadata_texts({"a": "\x7f é"}, None)
    for key, text in texts.items():
        info.add_text(key, text)
    image = Image.effect_noise((5, 4), 60)
    with_info, without = io.BytesIO(), io.BytesIO()
    image.save(with_info, "PNG", pnginfo=info)
    image.save(without, "PNG")
    assert splice_png(without.getvalue(), texts) == with_info.getvalue()


@given(st.dictionaries(st.sampled_from(["prompt", "workflow", "parameters"]), st.text(st.characters(codec="latin-1"))))
def test_texts_round_trip(texts):
    assert png_texts(splice_png(png(), texts)) == texts


@pytest.mark.parametrize("content", [b"", b"GIF89a", png()[:-20], png()[:40]])
def test_damaged_files_are_refused(content):
    with pytest.raises(ValueError):
        splice_png(content, {"prompt": "{}"})


def test_safetensors_keep_their_tensors_and_gain_metadata():
    torch = pytest.importorskip("torch")
    from safetensors import safe_open
    from safetensors.torch import load, save

    tensors = {"latent_tensor": torch.arange(24.0).reshape(1, 4, 2, 3), "latent_format_version_0": torch.empty(0)}
    spliced = splice_safetensors(save(tensors, {"kept": "yes"}), {"prompt": '{"1": "é"}'})
    back = load(spliced)
    assert back.keys() == tensors.keys() and all(torch.equal(back[k], tensors[k]) for k in tensors)
    assert struct.unpack_from("<Q", spliced)[0] % 8 == 0
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.latent")
        path.write_bytes(spliced)
        with safe_open(path, "pt") as file:
            assert file.metadata() == {"kept": "yes", "prompt": '{"1": "é"}'}


@pytest.mark.parametrize("content", [b"", b"\x01", struct.pack("<Q", 100) + b"{}"])
def test_damaged_safetensors_are_refused(content):
    with pytest.raises(ValueError):
        splice_safetensors(content, {})
