"""Layouts read off shapes: every published architecture, by its parameter count and by the law of the round trip."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphexec.diffusion.models.autoencoder import Autoencoder
from graphexec.diffusion.models.autoencoder_layout import autoencoder_layout
from graphexec.diffusion.models.clip_text import ClipText, TextLayout, text_layout
from graphexec.diffusion.models.layout import Transformer, unet_layout
from graphexec.diffusion.models.unet import UNet
from tests.diffusion.layouts import FULL, meta, tiny
from workflows.tiny_checkpoint import Size, shapes

MANIFESTS = Path(__file__).parents[3].parent / "shared" / "reference" / "checkpoints.json"

# As published with the weights; KOALA's in arXiv 2312.04005 (table 2), SSD-1B's and Vega's in 2401.02677.
PARAMETERS = {"sd1": 859_520_964, "sd1-inpaint": 859_535_364, "sd2": 865_910_724, "sdxl": 2_567_463_684}
MILLIONS = {"sdxl-refiner": 2260, "ssd-1b": 1331, "vega": 745, "koala-700m": 783, "koala-1b": 1161}


def shapes_of(module):
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize("name", FULL)
def test_a_layout_is_read_back_from_its_own_tensors(name):
    for layout in (FULL[name].layout(), tiny(name)):
        module = meta(UNet, layout)
        assert unet_layout(shapes_of(module)) == layout
    count = sum(parameter.numel() for parameter in meta(UNet, FULL[name].layout()).parameters())
    assert count == PARAMETERS[name] if name in PARAMETERS else round(count / 1e6) == MILLIONS[name]


def heads(name):
    blocks = unet_layout(shapes_of(meta(UNet, FULL[name].layout()))).input
    return [layer.heads for block in blocks for layer in block if isinstance(layer, Transformer)]


def test_heads_follow_the_family():
    """SD1 has 8 heads at every width; the others 64 channels a head (arXiv 2307.01952, table 1, and SD2's card)."""
    assert heads("sd1") == [8] * 6
    assert heads("sd2") == [5, 5, 10, 10, 20, 20]
    assert heads("sdxl") == [10, 10, 20, 20]


@pytest.mark.parametrize("damage", ["gap", "foreign", "contexts", "none"])
def test_shapes_of_no_unet_are_refused(damage):
    found = shapes_of(meta(UNet, tiny("sd1")))
    match damage:
        case "gap":
            found = {n: s for n, s in found.items() if not n.startswith("input_blocks.3.")}
        case "foreign":
            found["input_blocks.1.2.strange.weight"] = (3, 3)
        case "contexts":
            found["input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"] = (32, 99)
        case "none":
            found = {n: s for n, s in found.items() if "transformer" not in n}
    with pytest.raises((ValueError, KeyError)):
        unet_layout(found)


def test_modules_have_exactly_the_tensors_of_an_sd1_file():
    """Against names and shapes written down independently, in the generator of tiny checkpoints."""
    size = Size()
    by_prefix: dict[str, dict[str, tuple[int, ...]]] = {}
    prefixes = ("model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer.")
    for name, shape in shapes(size):
        prefix = next(p for p in prefixes if name.startswith(p))
        by_prefix.setdefault(prefix, {})[name.removeprefix(prefix)] = shape
    unet, vae, text = (by_prefix[prefix] for prefix in prefixes)
    assert shapes_of(meta(UNet, unet_layout(unet))) == unet
    assert shapes_of(meta(Autoencoder, autoencoder_layout(vae))) == vae
    assert shapes_of(meta(ClipText, text_layout(text, "quick_gelu"))) == text


def test_text_encoders_have_their_published_sizes():
    """ViT-L as in SD1.5, H with the 23 layers that diffusers keeps of it for SD2, G as in SDXL."""
    sizes = {
        TextLayout(768, 3072, 12, 49408, 77, None, "quick_gelu"): 123_060_480,
        TextLayout(1024, 4096, 23, 49408, 77, None, "gelu"): 340_387_840,
        TextLayout(1280, 5120, 32, 49408, 77, 1280, "gelu"): 694_659_840,
    }
    for layout, count in sizes.items():
        module = meta(ClipText, layout)
        assert text_layout(shapes_of(module), layout.activation) == layout
        assert sum(parameter.numel() for parameter in module.parameters()) == count


@pytest.mark.skipif(not MANIFESTS.exists(), reason="the reference data is not beside this repository")
@pytest.mark.parametrize(
    "family", ["sd15", "tiny-sd1", "tiny-sd1-inpaint", "tiny-sd2-v", "tiny-sdxl", "tiny-sdxl-refiner"]
)
def test_reference_families_are_read_whole(family):
    tensors = {n: tuple(s) for n, s in json.loads(MANIFESTS.read_text())[family]["tensors"].items()}
    for prefix, read in (
        ("model.diffusion_model.", lambda s: meta(UNet, unet_layout(s))),
        ("first_stage_model.", lambda s: meta(Autoencoder, autoencoder_layout(s))),
    ):
        part = {n.removeprefix(prefix): s for n, s in tensors.items() if n.startswith(prefix)}
        assert shapes_of(read(part)) == part
