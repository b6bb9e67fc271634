"""Nodes that read and write files, through a Session: from a picture in `input` to one in `output`."""

import json

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")
from safetensors import safe_open  # noqa: E402

import graphexec  # noqa: E402


@pytest.fixture
def places(tmp_path):
    (tmp_path / "input").mkdir()
    return tmp_path


@pytest.fixture
def session(places):
    with graphexec.Session(input=places / "input", output=places / "output", cache=None, device="cpu") as session:
        yield session


def node(type, **inputs):
    return {"class_type": type, "inputs": inputs}


def picture(places, name="a.png", mode="RGB", size=(12, 10)):
    rng = np.random.default_rng(0)
    channels = {"RGB": 3, "RGBA": 4}[mode]
    pixels = rng.integers(0, 256, (size[1], size[0], channels), np.uint8)
    Image.fromarray(pixels).save(places / "input" / name)
    return pixels


COPY = {"1": node("LoadImage", image="a.png"), "2": node("SaveImage", images=["1", 0], filename_prefix="copy")}


def test_a_picture_that_goes_through_keeps_its_pixels_and_gains_the_workflow(session, places):
    pixels = picture(places)
    result = session.run(COPY)
    (path,) = result.files
    assert path == str(places / "output" / "copy_00001_.png")
    saved = Image.open(path)
    assert (np.asarray(saved) == pixels).all()
    assert json.loads(saved.text["prompt"]) == COPY
    assert result.ui("2") == {"images": [{"filename": "copy_00001_.png", "subfolder": "", "type": "output"}]}


def test_a_cached_run_reports_the_same_file_and_embeds_the_current_workflow(session, places):
    picture(places)
    first = session.run(COPY)
    again = session.run(COPY)
    assert again.files == first.files and not again.executed
    renamed = {"one": COPY["1"], "two": {**COPY["2"], "inputs": {**COPY["2"]["inputs"], "images": ["one", 0]}}}
    other = session.run(renamed)
    assert not other.executed and other.files != first.files
    assert json.loads(Image.open(other.files[0]).text["prompt"]) == renamed


def test_a_changed_picture_is_read_again(session, places):
    picture(places)
    session.run(COPY)
    Image.new("RGB", (4, 4), (9, 8, 7)).save(places / "input" / "a.png")
    result = session.run(COPY)
    assert Image.open(result.files[0]).getpixel((0, 0)) == (9, 8, 7)


def test_previews_are_written_only_when_nothing_else_is(session, places):
    picture(places)
    both = COPY | {"3": node("PreviewImage", images=["1", 0])}
    assert len(session.run(both).files) == 1
    assert len(session.run(both, previews=True).files) == 2
    alone = {"1": COPY["1"], "3": node("PreviewImage", images=["1", 0])}
    assert session.run(alone).files == (str(places / "output" / "previews" / "preview_00002_.png"),)


def test_patterns_know_size_and_settings(session, places):
    picture(places)
    flow = COPY | {
        "3": node("ImageScale", image=["1", 0], upscale_method="area", width=20, height=8, crop="disabled"),
        "2": node("SaveImage", images=["3", 0], filename_prefix="%ImageScale.upscale_method%_%width%x%height%"),
    }
    assert session.run(flow).files[0].endswith("area_20x8_00001_.png")


def test_masks_of_channels(session, places):
    pixels = picture(places, mode="RGBA")
    flow = {str(i): node("LoadImageMask", image="a.png", channel=c) for i, c in enumerate(("red", "alpha"))}
    result = session.run(flow, targets=["0:0", "1:0"])
    np.testing.assert_allclose(result.value("0", 0)[0].numpy() * 255, pixels[..., 0], atol=1e-4)
    np.testing.assert_allclose(result.value("1", 0)[0].numpy() * 255, 255 - pixels[..., 3].astype(float), atol=1e-4)


def test_latents_go_out_and_come_back(session, places):
    save = {
        "1": node("EmptyLatentImage", width=64, height=32, batch_size=2),
        "2": node("LatentMultiply", samples=["1", 0], multiplier=2.0),
        "3": node("SaveLatent", samples=["2", 0], filename_prefix="latents/x"),
    }
    result = session.run(save)
    (path,) = result.files
    assert path.endswith("latents/x_00001_.latent")
    with safe_open(path, "pt") as file:
        assert json.loads(file.metadata()["prompt"]) == save
    assert result.ui("3") == {"latents": [{"filename": "x_00001_.latent", "subfolder": "latents", "type": "output"}]}
    load = {"1": node("LoadLatent", latent="latents/x_00001_.latent [output]")}
    back = session.run(load, targets=["1:0"]).value("1", 0)
    assert back["samples"].shape == (2, 4, 4, 8)


def test_a_missing_picture_is_named_before_anything_runs(session, places):
    picture(places)
    with pytest.raises(graphexec.InvalidWorkflow, match=r"b\.png"):
        session.run({"1": node("LoadImage", image="b.png"), "2": COPY["2"]})


def test_a_damaged_picture_fails_its_node_with_a_reason(session, places):
    (places / "input" / "a.png").write_bytes(b"no picture")
    with pytest.raises(graphexec.RunFailed, match="not an image") as caught:
        session.run(COPY)
    (failure,) = caught.value.result.failures
    assert failure.node == "1" and not failure.is_bug


def test_a_prefix_that_leads_out_writes_nothing(session, places):
    picture(places)
    with pytest.raises((graphexec.InvalidWorkflow, graphexec.RunFailed)):
        session.run(COPY | {"2": node("SaveImage", images=["1", 0], filename_prefix="../../x")})
    assert not list(places.rglob("x_*"))


def test_inputs_of_other_versions_are_left_out_with_a_warning(session, places):
    """A file of a later ComfyUI may feed sockets, or set values, that the node here does not have."""
    pixels = picture(places)
    inverted = node("ImageInvert", image=["1", 0], later=["1", 1], mode="new")
    flow = COPY | {"3": inverted, "2": node("SaveImage", images=["3", 0], filename_prefix="copy")}
    assert sorted(d.input for d in session.check(flow)) == ["later", "mode"]
    saved = np.asarray(Image.open(session.run(flow).files[0])).astype(int)
    assert abs(saved - (255 - pixels.astype(int))).max() <= 1


@pytest.mark.parametrize(
    ("type", "settings"),
    [("SaveAnimatedWEBP", {"lossless": True, "quality": 80, "method": "fastest"}),
     ("SaveAnimatedPNG", {"compress_level": 4})],
)  # fmt: skip
def test_a_batch_becomes_one_animation(session, places, type, settings):
    pixels = picture(places)
    flow = {
        "1": node("LoadImage", image="a.png"),
        "2": node("ImageFlip", image=["1", 0], flip_method="x-axis: vertically"),
        "3": node("ImageBatch", image1=["1", 0], image2=["2", 0]),
        "4": node(type, images=["3", 0], filename_prefix="clip", fps=10.0, **settings),
    }
    result = session.run(flow)
    (path,) = result.files
    with Image.open(path) as image:
        assert image.n_frames == 2
        image.seek(1)
        assert (np.asarray(image.convert("RGB")) == pixels[::-1]).all()
    shown = result.ui("4")
    assert shown["animated"] == [True] or shown["animated"] == (True,)
    assert shown["images"][0]["filename"].startswith("clip_00001_.")
    assert session.run(flow).files == (path,)
