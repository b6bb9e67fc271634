"""LoRA files: every layout's names, every kind's formula written out in loops, strengths, stacking and reports."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch.testing import assert_close

from graphexec.diffusion.clip_handle import ClipHandle
from graphexec.diffusion.loading.checkpoint import load_unet
from graphexec.diffusion.loading.diffusers_names import diffusers_name, unet_prefixes
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.lora import load_lora
from graphexec.diffusion.loading.lora_deltas import delta, renormalised, split_name
from graphexec.diffusion.loading.lora_names import model_aliases
from graphexec.diffusion.loading.text_encoders import encoder
from graphexec.diffusion.loading.text_parts import find_text_encoders
from graphexec.diffusion.loading.weights import open_weights
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.models.clip_text import ClipText, TextLayout
from graphexec.diffusion.models.unet import UNet
from tests.diffusion.layouts import FULL, drawn, meta, write_unet

REFERENCE = Path(__file__).parents[3].parent / "shared" / "reference"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lora")


@pytest.fixture(scope="module")
def unet(folder):
    return load_unet(write_unet(folder / "unet.safetensors", "sd1"), WeightsPool())


@pytest.fixture(scope="module")
def clip(folder):
    """SDXL's pair, both in the layout of transformers."""
    tensors = {}
    for i, projection in enumerate((None, 32)):
        module = meta(ClipText, TextLayout(64, 128, 2, 49408, 77, projection, "gelu"))
        tensors |= drawn(module, f"{i}.transformer.")
    save_file(tensors, folder / "clip.safetensors")
    (left, _), (right, _) = find_text_encoders(open_weights(folder / "clip.safetensors"))
    return ClipHandle((encoder("l", left, "sdxl"), encoder("g", right, "sdxl")), WeightsPool())


def rand(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed + sum(shape)))


def change(unet, patched, name):
    before, after = (handle.network().module.get_parameter(name) for handle in (unet, patched))
    return after - before


def lora_file(folder, tensors, name="lora.safetensors"):
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, folder / name)
    return folder / name


QUERY = "input_blocks.1.1.transformer_blocks.0.attn1.to_q"
OUT = "input_blocks.1.1.transformer_blocks.0.attn1.to_out.0"
THEIRS = "down_blocks.0.attentions.0.transformer_blocks.0.attn1"


@pytest.mark.parametrize(
    ("layer", "up", "down"),
    [
        (QUERY, f"lora_unet_{QUERY.replace('.', '_')}.lora_up.weight", ".lora_down.weight"),
        (QUERY, f"lora_unet_{THEIRS.replace('.', '_')}_to_q.lora_up.weight", ".lora_down.weight"),
        (QUERY, f"lycoris_{THEIRS.replace('.', '_')}_to_q.lora_up.weight", ".lora_down.weight"),
        (QUERY, f"unet.{THEIRS}.to_q.lora.up.weight", ".lora.down.weight"),
        (QUERY, f"unet.{THEIRS}.processor.to_q_lora.up.weight", "_lora.down.weight"),
        (OUT, f"unet.{THEIRS}.processor.to_out_lora.up.weight", "_lora.down.weight"),
        (QUERY, f"unet.{THEIRS}.to_q.lora_B.weight", ".lora_A.weight"),
        (OUT, f"unet.{THEIRS}.to_out.0.lora_B.weight", ".lora_A.weight"),
        (QUERY, f"base_model.model.{THEIRS}.to_q.lora_B.default.weight", ".lora_A.default.weight"),
        (QUERY, f"diffusion_model.{QUERY}.lora_B.weight", ".lora_A.weight"),
    ],
)
def test_every_layout_of_names_reaches_its_layer(folder, unet, layer, up, down):
    base = split_name(up)[0]
    tensors = {up: rand(32, 4), base + down: rand(4, 32)}
    loaded = load_lora(lora_file(folder, tensors), unet, None)
    assert loaded.unmatched == ()
    assert loaded.model.patches[0].names == {f"{layer}.weight"}
    expected = tensors[up] @ tensors[base + down]
    assert_close(change(unet, loaded.model, f"{layer}.weight"), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("layer", "role"),
    [
        ("lora_te_text_model_encoder_layers_0_self_attn_q_proj", "l"),
        ("lora_te1_text_model_encoder_layers_0_self_attn_q_proj", "l"),
        ("lora_te2_text_model_encoder_layers_0_self_attn_q_proj", "g"),
        ("text_encoder.text_model.encoder.layers.0.self_attn.q_proj", "l"),
        ("text_encoder_2.text_model.encoder.layers.0.self_attn.q_proj", "g"),
    ],
)
def test_text_encoders_are_told_apart(folder, unet, clip, layer, role):
    tensors = {f"{layer}.lora_up.weight": rand(64, 4), f"{layer}.lora_down.weight": rand(4, 64)}
    loaded = load_lora(lora_file(folder, tensors), unet, clip)
    assert loaded.unmatched == () and loaded.model is unet
    assert loaded.clip.patches[0].names == {f"{role}.text_model.encoder.layers.0.self_attn.q_proj.weight"}
    tokens = clip.tokenize("a fox")
    plain, changed = clip.encode_tokens(tokens)[0][0], loaded.clip.encode_tokens(tokens)[0][0]
    halves = {"l": slice(0, 64), "g": slice(64, 128)}
    for side, part in halves.items():
        assert torch.equal(plain[..., part], changed[..., part]) == (side != role)


def test_alpha_rank_and_strength_scale_the_change(folder, unet):
    name = f"lora_unet_{QUERY.replace('.', '_')}"
    tensors = {f"{name}.lora_up.weight": rand(32, 4), f"{name}.lora_down.weight": rand(4, 32)}
    tensors[f"{name}.alpha"] = torch.tensor(2.0)
    loaded = load_lora(lora_file(folder, tensors), unet, None, -0.5)
    expected = -0.5 * (2 / 4) * tensors[f"{name}.lora_up.weight"] @ tensors[f"{name}.lora_down.weight"]
    assert_close(change(unet, loaded.model, f"{QUERY}.weight"), expected, atol=1e-5, rtol=1e-5)
    twice = load_lora(folder / "lora.safetensors", loaded.model, None, 0.25).model
    assert_close(change(unet, twice, f"{QUERY}.weight"), expected * 0.5, atol=1e-5, rtol=1e-5)
    assert load_lora(folder / "lora.safetensors", unet, None, 0.0).model is unet


def test_two_branches_over_one_model_do_not_meet(folder, unet):
    name = f"lora_unet_{QUERY.replace('.', '_')}"
    paths, products = [], []
    for seed in (1, 2):
        up, down = rand(32, 4, seed=seed), rand(4, 32, seed=seed)
        tensors = {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": down}
        paths.append(lora_file(folder, tensors, f"{seed}.safetensors"))
        products.append(up @ down)
    before = unet.network().module.get_parameter(f"{QUERY}.weight").clone()
    one, two = (load_lora(path, unet, None).model for path in paths)
    for handle, product in zip((one, two), products, strict=True):
        assert_close(change(unet, handle, f"{QUERY}.weight"), product, atol=1e-5, rtol=1e-5)
    assert torch.equal(unet.network().module.get_parameter(f"{QUERY}.weight"), before)
    assert len({unet.identity, one.identity, two.identity}) == 3
    assert one == load_lora(paths[0], unet, None).model


def kron(a, b):
    """The Kronecker product of matrices (or matrix and kernel), entry by entry."""
    out = torch.zeros(a.shape[0] * b.shape[0], a.shape[1] * b.shape[1], *b.shape[2:])
    for i, j, k, m in itertools.product(*map(range, (*a.shape, *b.shape[:2]))):
        out[i * b.shape[0] + k, j * b.shape[1] + m] = a[i, j] * b[k, m]
    return out


def tucker(core, left, right):
    """sum over p, q of left[p, o] core[p, q, k, l] right[q, i]: a kernel from its factors."""
    out = torch.zeros(left.shape[1], right.shape[1], *core.shape[2:])
    for p, q in itertools.product(*map(range, core.shape[:2])):
        out += left[p][:, None, None, None] * right[q][None, :, None, None] * core[p, q]
    return out


def test_lora_with_a_middle_is_a_tucker_product():
    p = {"up": rand(6, 3, 1, 1), "down": rand(3, 5, 1, 1), "mid": rand(3, 3, 3, 3), "alpha": torch.tensor(1.5)}
    expected = tucker(p["mid"], p["up"][..., 0, 0].T, p["down"][..., 0, 0]) * 0.5
    assert_close(delta(p), expected, atol=1e-5, rtol=1e-5)


def test_lora_of_a_convolution():
    p = {"up": rand(6, 3, 1, 1), "down": rand(3, 5, 3, 3)}
    expected = torch.nn.functional.conv2d(p["down"].transpose(0, 1), p["up"]).transpose(0, 1)
    assert_close(delta(p).reshape(6, 5, 3, 3), expected, atol=1e-5, rtol=1e-5)


def test_loha_is_a_product_of_products():
    p = {f"hada_w{n}_{s}": rand(*shape, seed=n) for n in (1, 2) for s, shape in (("a", (6, 2)), ("b", (2, 5)))}
    expected = (p["hada_w1_a"] @ p["hada_w1_b"]) * (p["hada_w2_a"] @ p["hada_w2_b"])
    assert_close(delta(p), expected)
    assert_close(delta({**p, "alpha": torch.tensor(1.0)}), expected / 2)
    t = {f"hada_w{n}_{s}": rand(2, d, seed=n) for n in (1, 2) for s, d in (("a", 6), ("b", 5))}
    t |= {f"hada_t{n}": rand(2, 2, 3, 3, seed=n) for n in (1, 2)}
    kernels = [tucker(t[f"hada_t{n}"], t[f"hada_w{n}_a"], t[f"hada_w{n}_b"]) for n in (1, 2)]
    assert_close(delta(t), kernels[0] * kernels[1], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("left", ["whole", "low"])
@pytest.mark.parametrize("right", ["whole", "low", "tucker", "kernel", "low-kernel"])
def test_lokr_is_a_kronecker_product(left, right):
    p = {"alpha": torch.tensor(1.0)}
    if left == "whole":
        w1 = p["lokr_w1"] = rand(2, 3)
    else:
        p |= {"lokr_w1_a": rand(2, 2), "lokr_w1_b": rand(2, 3)}
        w1 = p["lokr_w1_a"] @ p["lokr_w1_b"]
    match right:
        case "whole":
            w2 = p["lokr_w2"] = rand(4, 5)
        case "kernel":
            w2 = p["lokr_w2"] = rand(4, 5, 3, 3)
        case "low":
            p |= {"lokr_w2_a": rand(4, 2), "lokr_w2_b": rand(2, 5)}
            w2 = p["lokr_w2_a"] @ p["lokr_w2_b"]
        case "low-kernel":
            p |= {"lokr_w2_a": rand(4, 2), "lokr_w2_b": rand(2, 45)}
            w2 = (p["lokr_w2_a"] @ p["lokr_w2_b"]).reshape(4, 5, 3, 3)
        case "tucker":
            p |= {"lokr_w2_a": rand(2, 4), "lokr_w2_b": rand(2, 5), "lokr_t2": rand(2, 2, 3, 3)}
            w2 = tucker(p["lokr_t2"], p["lokr_w2_a"], p["lokr_w2_b"])
    whole = left == "whole" and right in ("whole", "kernel")
    expected = kron(w1, w2) * (1.0 if whole else 0.5)
    assert_close(delta(p).reshape(expected.shape), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3, 3)])
@pytest.mark.parametrize("form", ["peft", "rows", "columns"])
def test_dora_gives_every_row_or_column_its_length(shape, form):
    weight, low_rank = rand(*shape), rand(*shape, seed=4)
    lengths = rand(6 if form != "columns" else 5).abs() + 0.5
    ones = [1] * (len(shape) - 2)
    magnitude = {"peft": lengths, "rows": lengths.reshape(6, 1, *ones) if form == "rows" else None}.get(form)
    if form == "columns":
        magnitude = lengths.reshape(1, 5, *ones)
    got = renormalised(weight, low_rank, magnitude)
    merged = weight + low_rank
    for i, length in enumerate(lengths):
        mine, plain = (t.transpose(0, 1)[i] if form == "columns" else t[i] for t in (got, merged))
        assert float(mine.norm()) == pytest.approx(float(length), rel=1e-5)
        assert_close(mine / mine.norm(), plain / plain.norm())


def test_dora_with_a_strength_goes_part_of_the_way(folder, unet):
    name = f"unet.{THEIRS}.to_q"
    tensors = {f"{name}.lora_B.weight": rand(32, 4), f"{name}.lora_A.weight": rand(4, 32)}
    tensors[f"{name}.lora_magnitude_vector"] = rand(32).abs()
    path = lora_file(folder, tensors)
    weight = unet.network().module.get_parameter(f"{QUERY}.weight")
    full = renormalised(weight, tensors[f"{name}.lora_B.weight"] @ tensors[f"{name}.lora_A.weight"], rand(32).abs())
    half = load_lora(path, unet, None, 0.5).model
    assert_close(change(unet, half, f"{QUERY}.weight"), 0.5 * (full - weight), atol=1e-5, rtol=1e-5)


def test_differences_of_weights_and_biases(folder, unet):
    name = "lora_unet_out_2"
    tensors = {f"{name}.diff": rand(4, 32, 3, 3), f"{name}.diff_b": rand(4), "lora_unet_out_0.w_norm": rand(32)}
    loaded = load_lora(lora_file(folder, tensors), unet, None, 0.5)
    assert loaded.unmatched == ()
    files = {"out.2.weight": f"{name}.diff", "out.2.bias": f"{name}.diff_b", "out.0.weight": "lora_unet_out_0.w_norm"}
    for layer, file in files.items():
        assert_close(change(unet, loaded.model, layer), 0.5 * tensors[file], atol=1e-6, rtol=1e-6)


def test_what_fits_nothing_is_named(folder, unet, clip):
    good, te = f"lora_unet_{QUERY.replace('.', '_')}", "lora_te_text_model_encoder_layers_9_mlp_fc1"
    tensors = {f"{good}.lora_up.weight": rand(32, 4), f"{good}.lora_down.weight": rand(4, 32)}
    tensors |= {f"{te}.lora_up.weight": rand(64, 4), f"{te}.lora_down.weight": rand(4, 64)}
    tensors |= {"lora_unet_nowhere.lora_up.weight": rand(3, 4), "lora_unet_nowhere.lora_down.weight": rand(4, 3)}
    tensors |= {"lora_unet_conv_in.lora_up.weight": rand(32, 4), "lora_unet_conv_in.lora_down.weight": rand(4, 99)}
    tensors |= {"lora_unet_out_0.lora_up.weight": rand(32, 4), "strange": rand(2)}
    path = lora_file(folder, tensors)
    unet_misfits = ("lora_unet_conv_in", "lora_unet_nowhere", "lora_unet_out_0", "strange")
    assert load_lora(path, unet, clip).unmatched == (te, *unet_misfits)
    assert load_lora(path, unet, None).unmatched == unet_misfits
    assert load_lora(path, unet, clip).clip is clip


def test_a_file_without_lora_is_refused(folder, unet):
    with pytest.raises(BadModelFile, match="holds no LoRA"):
        load_lora(folder / "unet.safetensors", unet, None)


@pytest.mark.parametrize(
    ("family", "native", "theirs"),
    [
        ("sd1", "middle_block.1.transformer_blocks.0.attn1.to_k.weight", "mid_block.attentions.0.transformer_blocks.0"),
        ("sd1", "middle_block.2.out_layers.3.weight", "mid_block.resnets.1.conv2.weight"),
        ("sd1", "output_blocks.11.1.proj_out.weight", "up_blocks.3.attentions.2.proj_out.weight"),
        ("sd1", "output_blocks.2.1.conv.weight", "up_blocks.0.upsamplers.0.conv.weight"),
        ("sd1", "output_blocks.5.2.conv.weight", "up_blocks.1.upsamplers.0.conv.weight"),
        ("sd1", "input_blocks.3.0.op.weight", "down_blocks.0.downsamplers.0.conv.weight"),
        ("sd1", "input_blocks.10.0.emb_layers.1.bias", "down_blocks.3.resnets.0.time_emb_proj.bias"),
        ("sdxl", "input_blocks.8.1.norm.weight", "down_blocks.2.attentions.1.norm.weight"),
        ("sdxl", "output_blocks.2.2.conv.weight", "up_blocks.0.upsamplers.0.conv.weight"),
        ("sdxl", "label_emb.0.2.weight", "add_embedding.linear_2.weight"),
        ("ssd-1b", "output_blocks.3.0.skip_connection.weight", "up_blocks.1.resnets.0.conv_shortcut.weight"),
        ("koala-1b", "input_blocks.5.1.norm.bias", "down_blocks.2.attentions.0.norm.bias"),
    ],
)
def test_known_names_of_diffusers(family, native, theirs):
    """From the weights that stabilityai, runwayml, segmind and etri-vilab publish for diffusers."""
    assert diffusers_name(native, unet_prefixes(FULL[family].layout())).startswith(theirs)


@pytest.mark.parametrize("family", FULL)
def test_every_tensor_has_a_name_of_its_own_in_diffusers(family):
    layout = FULL[family].layout()
    names = list(meta(UNet, layout).state_dict())
    theirs = [diffusers_name(name, unet_prefixes(layout)) for name in names]
    assert None not in theirs and len(set(theirs)) == len(names)


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference data is not beside this repository")
def test_the_reference_file_is_used_whole(unet):
    names = json.loads((REFERENCE / "checkpoints.json").read_text())["tiny-sd1-lora"]["tensors"]
    layers = {split_name(name)[0] for name in names if name.startswith("lora_unet")}
    assert layers <= model_aliases(unet).keys() and len(layers) == 192
