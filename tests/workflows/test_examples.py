"""The shipped examples run, give the pictures that lie beside them, and show what their prompts ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from graphexec.cli.workflows import example_names, example_path
from tests.cli.program import call
from tests.project.commands import ROOT
from tests.reference.checkpoints import manifest
from workflows.shapes.judging import Wish, judge
from workflows.shapes.reading import NAMES, Pixels, Reading, nearest, read
from workflows.tiny_checkpoint import Size, shapes


@dataclass(frozen=True, slots=True)
class Part:
    """A square part of an example's picture, from `x` on, and what it shows."""

    wish: Wish
    x: int = 0
    side: int = 128


SHOWN = {
    "hello": [Part(Wish("heart", "red", "white", "large"))],
    "two-stage": [Part(Wish("star", "purple", "yellow", "large"))],
    "noisy-composition": [
        Part(Wish("circle", "red", "white", "large")),
        Part(Wish("star", "blue", "white", "large"), 128),
    ],
    "latent-blend": [Part(Wish("diamond", "orange", "gray", "large"))],
    "inpaint": [Part(Wish("heart", "green", "yellow", "medium", "left"))],
    "img2img": [Part(Wish("circle", "blue", "yellow", None, "left"))],
    "lora": [Part(Wish("star", "gray", "white", "large"))],
    "area": [
        Part(Wish("triangle", "orange", "black", "large")),
        Part(Wish("circle", "red", "black", "large"), 128),
    ],
    "hires": [Part(Wish("circle", "yellow", "blue", "large"), side=192)],
    "prompt-sweep": [
        Part(Wish("heart", colour, "white", "large"), 128 * place)
        for place, colour in enumerate(("red", "green", "blue", "purple"))
    ],
}
"""What the examples show; those that are left out have tests of their own."""


def render(name: str, directory: Path, *options: str) -> Pixels:
    """The picture of an example, `(H, W, 3)` in 0..1, rendered on the CPU with the models that ship."""
    arguments = ("--device", "cpu", "--output", str(directory), *options)
    ended = call("run", f"example:{name}", *arguments)
    assert (ended.status, ended.err) == (0, "")
    return picture(Path(ended.lines[0]))


def expected(name: str) -> Pixels:
    """The picture that the lock of an example holds."""
    (path,) = Path(f"{example_path(name)}.lock.d").glob("*.png")
    return picture(path)


def picture(path: Path) -> Pixels:
    return np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) / np.float32(255)


def part(pixels: Pixels, x: int, side: int = 128) -> Reading:
    return read(pixels[:, x : x + side])


@pytest.mark.parametrize("name", example_names())
def test_an_example_gives_its_picture(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    difference = 255 * np.abs(render(name, tmp_path, "--dtype", "fp32") - expected(name))
    assert difference.mean() < 0.25 and difference.max() <= 8


@pytest.mark.parametrize("name", SHOWN)
def test_the_expected_picture_shows_what_was_asked(name: str) -> None:
    pixels = expected(name)
    for shown in SHOWN[name]:
        reading = part(pixels, shown.x, shown.side)
        assert judge(reading, shown.wish).wholly, reading


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_half_precision_shows_the_same(name: str, tmp_path: Path) -> None:
    pixels = render(name, tmp_path, "--dtype", "bf16")
    for shown in SHOWN[name]:
        reading = part(pixels, shown.x, shown.side)
        assert judge(reading, shown.wish).wholly, reading


def test_a_mask_joins_two_pictures() -> None:
    """The corners show which background each half has."""
    pixels = expected("masked-composition")
    corners = [np.median(pixels[-24:, columns], axis=(0, 1)) for columns in (slice(0, 40), slice(-40, None))]
    assert [NAMES[int(number)] for number in nearest(np.array(corners, dtype=np.float32))] == ["blue", "pink"]


def test_inpainting_leaves_the_rest_alone() -> None:
    """What the mask leaves out goes through the autoencoder and no further."""
    before, after = picture(ROOT / "workflows/input/square.png"), expected("inpaint")
    assert np.abs(before - after)[:, 72:].mean() < 0.02 < np.abs(before - after)[:, :64].mean()


def test_a_later_start_keeps_more_of_the_picture(tmp_path: Path) -> None:
    before = picture(ROOT / "workflows/input/square.png")
    changes = [
        np.abs(render("img2img", tmp_path, "--dtype", "fp32", "--param", f"start={start}") - before).mean()
        for start in (0, 10, 18)
    ]
    assert changes[2] < changes[1] and changes[2] < changes[0]
    (seen,) = read(render("img2img", tmp_path, "--dtype", "fp32", "--param", "start=19")).objects
    assert seen.shape == "square"


def test_without_the_lora_no_shape_is_gray(tmp_path: Path) -> None:
    reading = read(render("lora", tmp_path, "--dtype", "fp32", "--set", "style.strength_model=0"))
    assert [seen.colour for seen in reading.objects] != ["gray"]


def test_a_negative_prompt_drives_the_picture_away(tmp_path: Path) -> None:
    """Without a prompt, what a seed gives is named, and then avoided."""
    for seed in range(3):
        free = read(render("negative", tmp_path, "--dtype", "fp32", "--seed", str(seed), "--param", "avoid="))
        if not free.objects or free.objects[0].shape is None or free.background is None:
            continue
        seen = free.objects[0]
        avoid = f"a {seen.size} {seen.colour} {seen.shape} on a {free.background} background"
        other = read(render("negative", tmp_path, "--dtype", "fp32", "--seed", str(seed), "--param", f"avoid={avoid}"))
        assert other.background != free.background


def test_two_stages_are_one_sampling_cut_in_two(tmp_path: Path) -> None:
    """With one sampler and one cfg, handing over the leftover noise changes nothing."""
    same = ("--set", "5.sampler_name=euler", "--set", "6.sampler_name=euler", "--set", "6.cfg=5.0")
    cut = render("two-stage", tmp_path, "--dtype", "fp32", *same)
    later = render(
        "two-stage", tmp_path, "--dtype", "fp32", *same, "--set", "5.end_at_step=14", "--set", "6.start_at_step=14"
    )
    assert np.abs(cut - later).max() < 2 / 255


def test_every_example_is_locked_and_documented() -> None:
    assert [name for name in example_names() if not Path(f"{example_path(name)}.lock").is_file()] == []
    page = (ROOT / "docs/examples.md").read_text()
    assert [name for name in example_names() if f"`example:{name}`" not in page] == []
    assert [name for name in example_names() if f"(../workflows/{example_path(name).name}.lock.d/" not in page] == []
    assert {example_path(name).suffix for name in example_names()} == {".yaml", ".json"}


@pytest.mark.parametrize(("family", "latent_inputs"), [("tiny-sd1", 4), ("tiny-sd1-inpaint", 9)])
def test_the_tiny_checkpoint_has_the_layout_of_stable_diffusion_1(family: str, latent_inputs: int) -> None:
    size = Size(unet=(32, 64, 128, 128), vae=(32, 64, 128, 128), text=128, layers=3, latent_inputs=latent_inputs)
    assert {name: list(shape) for name, shape in shapes(size)} == manifest()[family]["tensors"]
