"""Animated files: every frame comes back, at its speed, with the workflow where ComfyUI looks for it."""

import io
import json
import struct

import numpy as np
import pytest
from PIL import Image, ImageSequence

from graphexec.errors import NodeError
from graphexec.imaging import animation
from graphexec.report.metadata import metadata_texts, splice_apng
from graphexec.report.webp import splice_webp

PROMPT, WORKFLOW = {"1": {"inputs": {"text": "naïve ☃"}}}, {"nodes": [], "version": 0.4}
TEXTS = metadata_texts(PROMPT, WORKFLOW)


def frames(count=3, channels=3):
    levels = np.random.default_rng(0).integers(0, 256, (count, 6, 8, channels), np.uint8)
    if channels == 4:
        levels[..., 3] = np.maximum(levels[..., 3], 1)
    return levels, (levels.astype(np.float32) + 0.5) / 255


def decoded(content):
    with Image.open(io.BytesIO(content)) as image:
        return [np.asarray(frame.copy()) for frame in ImageSequence.Iterator(image)]


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("count", [1, 3])
def test_frames_come_back_without_loss(count, channels):
    levels, values = frames(count, channels)
    mode = {3: "RGB", 4: "RGBA"}[channels]
    for content in (
        splice_apng(animation.apng(values, 8, 4), TEXTS),
        splice_webp(animation.webp(values, 8, True, 80, "fastest"), TEXTS),
    ):
        found = decoded(content)
        assert len(found) == count
        for frame, wanted in zip(found, levels, strict=True):
            assert (np.asarray(Image.fromarray(frame).convert(mode)) == wanted).all()


def test_speed_is_in_milliseconds_a_frame():
    _, values = frames()
    for content in (animation.apng(values, 8, 4), animation.webp(values, 8, False, 50, "default")):
        with Image.open(io.BytesIO(content)) as image:
            image.seek(1)
            image.load()
            assert image.info["duration"] == 125


@pytest.mark.parametrize("count", [1, 2])
def test_webp_carries_prompt_and_workflow_as_exif(count):
    plain = animation.webp(frames(count)[1], 6, False, 80, "default")
    content = splice_webp(plain, TEXTS)
    with Image.open(io.BytesIO(content)) as image:
        exif = image.getexif()
    assert json.loads(exif[0x0110].removeprefix("prompt:")) == PROMPT
    assert json.loads(exif[0x010F].removeprefix("workflow:")) == WORKFLOW
    assert struct.unpack_from("<I", content, 4)[0] == len(content) - 8
    assert splice_webp(content, TEXTS) == content
    with Image.open(io.BytesIO(splice_webp(content, {}))) as image:
        assert not image.getexif() and "exif" not in image.info


def test_webp_metadata_that_fits_into_the_entry_itself():
    with Image.open(io.BytesIO(splice_webp(animation.webp(frames()[1], 6, True, 0, "fastest"), {"a": "b"}))) as image:
        assert dict(image.getexif()) == {0x010F: "a:b"}


def test_apng_carries_them_in_comf_chunks_behind_the_pictures():
    content = splice_apng(animation.apng(frames()[1], 6, 4), TEXTS)
    kinds, texts, position = [], {}, 8
    while position < len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        kinds.append(kind)
        if kind == b"comf":
            key, text = content[position + 8 : position + 8 + length].split(b"\0", 1)
            texts[key.decode()] = json.loads(text)
        position += 12 + length
    assert texts == {"prompt": PROMPT, "workflow": WORKFLOW}
    assert kinds[-4:] == [b"fdAT", b"comf", b"comf", b"IEND"]


@pytest.mark.parametrize("content", [b"", b"RIFF\4\0\0\0WEBP", b"RIFF\x0c\0\0\0WEBPVP8X\xff\0\0\0"])
def test_torn_webp_is_refused(content):
    with pytest.raises(ValueError):
        splice_webp(content, TEXTS)


def test_masks_are_no_animation():
    with pytest.raises(NodeError, match=r"\(2, 4, 4\)"):
        animation.apng(np.zeros((2, 4, 4), np.float32), 6, 4)
