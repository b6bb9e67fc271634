"""Models in files of their own: diffusers' UNets and autoencoders, loose text encoders, TAESD."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from torch.testing import assert_close

from graphexec.diffusion.loading.checkpoint import load_text_encoders, load_tiny_vae, load_unet, load_vae
from graphexec.diffusion.loading.diffusers_files import autoencoder_sources, skeleton
from graphexec.diffusion.loading.diffusers_names import diffusers_name, unet_prefixes
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.model import Inputs
from graphexec.diffusion.models.autoencoder import Autoencoder
from graphexec.diffusion.models.clip_text import ClipText, TextLayout
from graphexec.diffusion.models.layout import unet_layout
from graphexec.diffusion.models.tiny_autoencoder import TinyAutoencoder, decoder, encoder
from graphexec.diffusion.models.unet import UNet
from graphexec.errors import NodeError
from tests.diffusion.layouts import FULL, drawn, drawn_unet, meta, tiny, write_unet
from tests.diffusion.models.test_autoencoder import LAYOUT
from tests.diffusion.text.test_encoding import openclip


@pytest.mark.parametrize("name", ["sd1", "sd2", "sdxl", "ssd-1b", "koala-700m"])
def test_a_unet_of_diffusers_is_the_same_model(tmp_path, name):
    native = load_unet(write_unet(tmp_path / "native.safetensors", name), WeightsPool())
    prefixes = unet_prefixes(tiny(name))
    save_file({diffusers_name(n, prefixes): t for n, t in drawn_unet(name).items()}, tmp_path / "theirs.safetensors")
    theirs = load_unet(tmp_path / "theirs.safetensors", WeightsPool())
    assert theirs.layout == native.layout and theirs.family == native.family
    y = native.vector({"pooled_output": torch.zeros(1, 128)}, 512, 512)
    inputs = Inputs(torch.randn(1, 4, 8, 8), torch.tensor([500.0]), torch.randn(1, 77, 128), y=y)
    assert torch.equal(native.network()(inputs), theirs.network()(inputs))


@pytest.mark.parametrize("name", FULL)
def test_the_kinds_of_layers_are_told_by_names_alone(name):
    layout = FULL[name].layout()
    names = [diffusers_name(f"{n}.", unet_prefixes(layout)) for n in layer_names(layout)]
    found = skeleton(names)
    for ours, theirs in (
        (layout.input, found.input),
        (layout.output, found.output),
        ((layout.middle,), (found.middle,)),
    ):
        assert [[type(layer) for layer in block] for block in ours] == [[type(layer) for layer in b] for b in theirs]


def layer_names(layout):
    module = meta(UNet, layout)
    assert unet_layout({name: tuple(t.shape) for name, t in module.state_dict().items()}) == layout
    return sorted({name.rsplit(".", 1)[0] for name in module.state_dict()})


ATTENTION = {
    "q": ("to_q", "query"),
    "k": ("to_k", "key"),
    "v": ("to_v", "value"),
    "proj_out": ("to_out.0", "proj_attn"),
    "norm": ("group_norm", "group_norm"),
}


def diffusers_autoencoder(tensors, old):
    """The tensors of an autoencoder of four levels as diffusers names them; attention of matrices."""
    out = {}
    for name, tensor in tensors.items():
        for level in range(4):
            for side, theirs in (
                ("encoder.down", f"encoder.down_blocks.{level}"),
                ("decoder.up", f"decoder.up_blocks.{3 - level}"),
            ):
                name = name.replace(f"{side}.{level}.block.", f"{theirs}.resnets.")
                name = name.replace(f"{side}.{level}.downsample.conv", f"{theirs}.downsamplers.0.conv")
                name = name.replace(f"{side}.{level}.upsample.conv", f"{theirs}.upsamplers.0.conv")
        name = name.replace("mid.block_1.", "mid_block.resnets.0.").replace("mid.block_2.", "mid_block.resnets.1.")
        name = name.replace("nin_shortcut", "conv_shortcut").replace("norm_out", "conv_norm_out")
        if ".mid.attn_1." in name:
            for ours, (theirs, older) in ATTENTION.items():
                name = name.replace(f"mid.attn_1.{ours}.", f"mid_block.attentions.0.{older if old else theirs}.")
            tensor = tensor[:, :, 0, 0] if tensor.ndim == 4 else tensor
        out[name] = tensor.contiguous()
    return out


@pytest.mark.parametrize("old", [False, True])
def test_an_autoencoder_of_diffusers_is_the_same_model(tmp_path, old):
    layout = replace(LAYOUT, up=tuple(replace(level, attentions=0) for level in LAYOUT.up))
    tensors = drawn(meta(Autoencoder, layout))
    save_file(tensors, tmp_path / "native.safetensors")
    save_file(diffusers_autoencoder(tensors, old), tmp_path / "theirs.safetensors")
    native, theirs = (load_vae(tmp_path / f"{n}.safetensors", WeightsPool()) for n in ("native", "theirs"))
    assert theirs.layout == native.layout == layout
    image = torch.rand(1, 16, 24, 3)
    latent = native.encode(image)
    assert torch.equal(theirs.encode(image), latent)
    assert torch.equal(theirs.decode(latent), native.decode(latent))


def test_known_names_of_the_autoencoder_of_diffusers():
    """From the weights of stabilityai/sd-vae-ft-mse and madebyollin/sdxl-vae-fp16-fix."""
    names = {
        "encoder.down_blocks.1.resnets.0.conv_shortcut.weight": "encoder.down.1.block.0.nin_shortcut.weight",
        "decoder.up_blocks.0.resnets.2.norm2.bias": "decoder.up.3.block.2.norm2.bias",
        "decoder.up_blocks.2.upsamplers.0.conv.weight": "decoder.up.1.upsample.conv.weight",
        "decoder.up_blocks.3.resnets.0.conv1.weight": "decoder.up.0.block.0.conv1.weight",
        "decoder.up_blocks.1.resnets.0.conv1.weight": "decoder.up.2.block.0.conv1.weight",
        "encoder.mid_block.attentions.0.to_out.0.bias": "encoder.mid.attn_1.proj_out.bias",
        "decoder.conv_norm_out.weight": "decoder.norm_out.weight",
        "post_quant_conv.weight": "post_quant_conv.weight",
    }
    found = {source.name: ours for ours, source in autoencoder_sources(names).items()}
    assert found == names


def write_encoder(path, layers, packed=False, projection=None, width=64):
    projection = 32 if packed else projection
    module = meta(ClipText, TextLayout(width, 2 * width, layers, 49408, 77, projection, "gelu"))
    tensors = drawn(module)
    save_file(openclip(tensors, "", layers) if packed else tensors, path)
    return path


@pytest.mark.parametrize(
    ("layers", "packed", "role", "layer", "normed"),
    [
        (12, False, "l", None, True),
        (24, False, "h", -2, True),
        (23, False, "h", None, True),
        (32, False, "g", -2, False),
    ],
)
def test_a_text_encoder_is_told_by_its_depth(tmp_path, layers, packed, role, layer, normed):
    clip = load_text_encoders([write_encoder(tmp_path / "a.safetensors", layers, packed)], WeightsPool())
    (found,) = clip.encoders
    assert (found.role, found.layer, found.normed) == (role, layer, normed)
    assert clip.encode("a fox")[0][0].shape == (1, 77, 64)


def test_a_pair_of_text_encoders_in_any_order(tmp_path):
    left = write_encoder(tmp_path / "l.safetensors", 2)
    right = write_encoder(tmp_path / "g.safetensors", 3, packed=True, projection=32)
    one, other = (load_text_encoders(paths, WeightsPool()) for paths in ([left, right], [right, left]))
    assert [e.role for e in one.encoders] == [e.role for e in other.encoders] == ["l", "g"]
    assert [(e.layer, e.normed, e.pad) for e in one.encoders] == [(-2, False, 49407), (-2, False, 0)]
    assert_close(one.encode("a fox")[0][0], other.encode("a fox")[0][0])


def test_what_is_no_text_encoder_or_no_pair_is_refused(tmp_path):
    left = write_encoder(tmp_path / "l.safetensors", 2)
    with pytest.raises(NodeError, match=r"l\.safetensors and l\.safetensors are not the two"):
        load_text_encoders([left, left], WeightsPool())
    save_file({"w": torch.zeros(1)}, tmp_path / "none.safetensors")
    with pytest.raises(BadModelFile, match="holds no text encoders"):
        load_text_encoders([tmp_path / "none.safetensors"], WeightsPool())


@pytest.fixture
def taesd(tmp_path):
    for name, build in (("encoder", encoder), ("decoder", decoder)):
        save_file(drawn(meta(build)), tmp_path / f"taesd_{name}.safetensors")
    return tmp_path / "taesd_encoder.safetensors", tmp_path / "taesd_decoder.safetensors"


def test_taesd_has_the_published_size_and_names():
    """1.22 M parameters each; the names of the first and the last layers as in the published files."""
    counts = [sum(p.numel() for p in meta(build).parameters()) for build in (encoder, decoder)]
    assert counts == [1_222_532, 1_222_531]
    assert {"0.weight", "1.conv.4.bias", "2.weight", "14.weight"} <= meta(encoder).state_dict().keys()
    assert {"1.weight", "3.conv.0.weight", "7.weight", "19.bias"} <= meta(decoder).state_dict().keys()
    assert "2.bias" not in meta(encoder).state_dict() and "7.bias" not in meta(decoder).state_dict()


@pytest.mark.parametrize(("family", "scale"), [("sd1", 0.18215), ("sdxl", 0.13025)])
def test_taesd_takes_latents_in_model_space(taesd, family, scale):
    vae = load_tiny_vae(*taesd, family, WeightsPool())
    image = torch.rand(2, 32, 40, 3)
    latent = vae.encode(image)
    assert latent.shape == (2, 4, 4, 5) and vae.channels == 4 and vae.downscale == 8
    halves = vae.module()
    assert isinstance(halves, TinyAutoencoder)
    assert_close(latent * scale, halves.encoder(image.movedim(-1, 1)), atol=1e-5, rtol=1e-5)
    assert_close(vae.decode(latent), halves.decoder(latent * scale).clamp(0, 1).movedim(1, -1), atol=1e-5, rtol=1e-5)
    assert vae.decode_tiled(latent, 4, 1).shape == (2, 32, 40, 3)
    assert vae.identity == load_tiny_vae(*taesd, family, WeightsPool()).identity


def test_halves_of_taesd_are_not_mixed_up(taesd):
    with pytest.raises(BadModelFile, match=r"taesd_decoder\.safetensors: is not the encoder"):
        load_tiny_vae(taesd[1], taesd[0], "sd1", WeightsPool())
