"""The shipped examples run and give the pictures that lie beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from graphexec.cli.workflows import example_names, example_path
from tests.cli.program import call
from tests.project.commands import ROOT
from tests.reference.checkpoints import manifest
from workflows.tiny_checkpoint import Size, shapes, write

EXPECTED = ROOT / "workflows/expected"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models directory with the checkpoint that the examples name."""
    directory = tmp_path_factory.mktemp("models")
    write(directory / "checkpoints/tiny.safetensors", Size())
    return directory


@pytest.mark.parametrize("name", ["hello", "img2img", "two-stage"])
def test_an_example_gives_its_picture(name: str, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    ended = call("run", f"example:{name}", "--models", str(models), "--device", "cpu", "--dtype", "fp32")
    assert (ended.status, ended.err) == (0, "")
    difference = np.abs(pixels(tmp_path / ended.lines[0]) - pixels(EXPECTED / f"{name}.png"))
    assert difference.mean() < 0.25 and difference.max() <= 8


def test_every_example_has_an_expected_picture_and_is_documented() -> None:
    assert [path.stem for path in sorted(EXPECTED.iterdir())] == example_names()
    page = (ROOT / "docs/examples.md").read_text()
    assert [name for name in example_names() if f"`example:{name}`" not in page] == []
    assert {example_path(name).suffix for name in example_names()} == {".yaml", ".json"}


@pytest.mark.parametrize(("family", "latent_inputs"), [("tiny-sd1", 4), ("tiny-sd1-inpaint", 9)])
def test_the_tiny_checkpoint_has_the_layout_of_stable_diffusion_1(family: str, latent_inputs: int) -> None:
    size = Size(unet=(32, 64, 128, 128), vae=(32, 64, 128, 128), text=128, layers=3, latent_inputs=latent_inputs)
    assert {name: list(shape) for name, shape in shapes(size)} == manifest()[family]["tensors"]


def pixels(path: Path) -> np.ndarray:
    """Return a picture as signed integers `(H, W, 3)`."""
    return np.asarray(Image.open(path).convert("RGB")).astype(np.int16)
