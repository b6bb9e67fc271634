"""Text encoders and conditioning: causality, layers, weights by interpolation, embeddings, OpenCLIP's packed layout."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from safetensors.torch import save_file
from torch.testing import assert_close

from graphexec.diffusion.clip_handle import ClipHandle, TextEncoder
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.text_encoders import encoder
from graphexec.diffusion.loading.text_parts import find_text_encoders
from graphexec.diffusion.loading.weights import open_weights
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.models.clip_text import ClipText, TextLayout
from graphexec.diffusion.text_encoding import encode_windows
from graphexec.diffusion.tokenizer import END, START, tokenize
from graphexec.diffusion.windows import windows
from tests.diffusion.layouts import drawn, meta


@cache
def model(projection=None, activation="quick_gelu"):
    layout = TextLayout(64, 128, 3, 49408, 77, projection, activation)
    module = meta(ClipText, layout)
    halves = drawn(module, dtype=torch.float16)  # what half precision can hold, as text encoders' weights are
    module.load_state_dict({name: tensor.float() for name, tensor in halves.items()}, assign=True)
    return module.requires_grad_(False)


def encode(text, weight=1.0, layer=None, normed=True, module=None):
    rows = windows([[(token, weight) for token in tokenize(text)]], END)
    return encode_windows(module or model(), rows, END, layer, normed)


def test_a_token_does_not_see_those_behind_it():
    a, b = encode("a red fox in snow").states, encode("a red fox on ice").states
    assert_close(a[:, :4], b[:, :4])
    assert (a[:, 4:] - b[:, 4:]).abs().max() > 1e-3


def test_layers_count_from_the_end_and_only_the_norm_differs():
    module = model()
    last, raw = encode("fox", layer=-1).states, encode("fox", layer=-1, normed=False).states
    assert torch.equal(last, encode("fox").states)
    assert_close(module.text_model.final_layer_norm(raw), last)
    before = encode("fox", layer=-2, normed=False).states
    assert_close(module.text_model.encoder.layers[-1](before), raw, atol=1e-5, rtol=1e-5)
    assert torch.equal(encode("fox", layer=-2).pooled, encode("fox").pooled)


def test_pooled_is_the_first_end_token_projected():
    module = model(projection=32)
    got = encode("a fox", module=module)
    assert_close(got.pooled, module.text_projection(got.states[:, 3]))


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.3, -1.0])
def test_a_weight_moves_states_away_from_the_empty_prompt(weight):
    plain, nothing, weighted = encode("a fox").states, encode("").states, encode("a fox", weight).states
    words = slice(1, 3)
    assert_close(weighted[:, words], nothing[:, words] + weight * (plain - nothing)[:, words], atol=1e-5, rtol=1e-5)
    assert_close(weighted[:, 3:], plain[:, 3:], atol=1e-5, rtol=1e-5)
    assert_close(encode("a fox", weight).pooled, encode("a fox").pooled, atol=1e-5, rtol=1e-5)


def test_windows_are_encoded_apart():
    first, second = "red " * 75, "blue " * 10
    both = encode(first + second).states
    assert both.shape == (1, 154, 64)
    assert_close(both[:, :77], encode(first).states, atol=1e-5, rtol=1e-5)
    assert_close(both[:, 77:], encode(second).states, atol=1e-5, rtol=1e-5)


def test_a_vector_stands_for_a_token():
    (token,) = tokenize("fox")
    vector = model().text_model.embeddings.token_embedding.weight[token]
    by_vector = encode_windows(model(), windows([[(vector, 1.0)]], END), END, None, True)
    assert_close(by_vector.states, encode("fox").states)
    assert_close(by_vector.pooled, encode("fox").pooled)


def openclip(tensors, prefix, layers=3):
    """Tensors of a ClipText in OpenCLIP's layout, packed by hand."""
    packed = {}
    text = "text_model."
    packed["positional_embedding"] = tensors[f"{text}embeddings.position_embedding.weight"]
    packed["token_embedding.weight"] = tensors[f"{text}embeddings.token_embedding.weight"]
    packed["text_projection"] = tensors["text_projection.weight"].T.contiguous()
    packed["logit_scale"] = torch.tensor(4.6)
    for ending in ("weight", "bias"):
        packed[f"ln_final.{ending}"] = tensors[f"{text}final_layer_norm.{ending}"]
        for i in range(layers):
            theirs, ours = f"transformer.resblocks.{i}", f"{text}encoder.layers.{i}"
            qkv = [tensors[f"{ours}.self_attn.{p}_proj.{ending}"] for p in "qkv"]
            packed[f"{theirs}.attn.in_proj_{ending}"] = torch.cat(qkv)
            packed[f"{theirs}.attn.out_proj.{ending}"] = tensors[f"{ours}.self_attn.out_proj.{ending}"]
            packed[f"{theirs}.mlp.c_fc.{ending}"] = tensors[f"{ours}.mlp.fc1.{ending}"]
            packed[f"{theirs}.mlp.c_proj.{ending}"] = tensors[f"{ours}.mlp.fc2.{ending}"]
            packed[f"{theirs}.ln_1.{ending}"] = tensors[f"{ours}.layer_norm1.{ending}"]
            packed[f"{theirs}.ln_2.{ending}"] = tensors[f"{ours}.layer_norm2.{ending}"]
    return {prefix + name: tensor for name, tensor in packed.items()}


def handles(tmp_path):
    """SDXL's pair in one file: L in the layout of transformers, G packed by OpenCLIP."""
    small, large = model(), model(projection=32, activation="gelu")
    tensors = {f"conditioner.embedders.0.transformer.{n}": t for n, t in small.state_dict().items()}
    tensors |= openclip(large.state_dict(), "conditioner.embedders.1.model.")
    save_file(tensors, tmp_path / "a.safetensors")
    (l_part, l_layout), (g_part, g_layout) = find_text_encoders(open_weights(tmp_path / "a.safetensors"))
    assert (l_layout, g_layout) == ("transformers", "openclip")
    return encoder("l", l_part, "sdxl"), encoder("g", g_part, "sdxl")


def test_sdxl_puts_both_encoders_side_by_side(tmp_path):
    pair = handles(tmp_path)
    assert [e.layout for e in pair] == [model().layout, model(32, "gelu").layout]
    ((states, options),) = ClipHandle(pair, WeightsPool()).encode("a fox, (snow:1.2)")
    assert states.shape == (1, 77, 128) and options["pooled_output"].shape == (1, 32)
    tokens = [(t, 1.0) for t in tokenize("a fox, ")], [(t, 1.2) for t in tokenize("snow")]
    for e, module, part in zip(pair, (model(), model(32, "gelu")), (states[..., :64], states[..., 64:]), strict=True):
        alone = encode_windows(module, windows(tokens, e.pad), e.pad, -2, False)
        assert_close(part, alone.states, atol=1e-5, rtol=1e-5)
        if e.role == "g":
            assert_close(options["pooled_output"], alone.pooled, atol=1e-5, rtol=1e-5)
    assert (pair[0].pad, pair[1].pad) == (END, 0)


def test_weights_of_text_encoders_are_rounded_to_half_precision(tmp_path):
    module = model()
    exact = {f"te.{name}": tensor * (1 + 1e-5) for name, tensor in module.state_dict().items()}
    save_file(exact, tmp_path / "a.safetensors")
    ((part, _),) = find_text_encoders(open_weights(tmp_path / "a.safetensors"))
    read = part.read(["text_model.final_layer_norm.bias"], torch.float32, torch.device("cpu"))
    assert torch.equal(*read.values(), module.text_model.final_layer_norm.bias)


def test_clip_skip_reaches_every_encoder(tmp_path):
    clip = ClipHandle(handles(tmp_path), WeightsPool())
    default, skipped, deep = (c.encode("fox")[0][0] for c in (clip, clip.with_layer(-1), clip.with_layer(-24)))
    assert torch.equal(clip.with_layer(-2).encode("fox")[0][0], default)
    assert (default - skipped).abs().max() > 1e-3
    assert_close(deep[..., :64], model()(model().embed(torch.tensor([ids("fox")])), torch.tensor([2]), None, True)[0])


def ids(text):
    row = [START, *tokenize(text), END]
    return row + [END] * (77 - len(row))


class Folder:
    """Embeddings of one folder, as `ports.Files` shows them."""

    def __init__(self, path):
        self.path = path

    def models(self, folder):
        return sorted(p.name for p in self.path.iterdir())

    def model(self, folder, name):
        return self.path / name


@pytest.fixture
def clip(tmp_path):
    folder = tmp_path / "embeddings"
    folder.mkdir()
    save_file({"emb_params": torch.randn(2, 64)}, folder / "style.safetensors")
    save_file({"clip_l": torch.randn(3, 64), "clip_g": torch.randn(1, 64)}, folder / "xl.safetensors")
    torch.save({"string_to_param": {"*": torch.randn(1, 64)}, "name": "old"}, folder / "old.pt")
    save_file({"emb_params": torch.randn(2, 32)}, folder / "narrow.safetensors")
    return ClipHandle(handles(tmp_path), WeightsPool(), embeddings=Folder(folder))


def vectors(clip, text, role="l"):
    """Places of vectors, and their weights, in the first window."""
    row = clip.tokenize(text)[role][0]
    return [(place, weight) for place, (token, weight) in enumerate(row) if isinstance(token, torch.Tensor)]


@pytest.mark.parametrize(
    ("text", "role", "places"),
    [
        ("embedding:style", "l", [(1, 1.0), (2, 1.0)]),
        ("a fox embedding:style.safetensors", "l", [(3, 1.0), (4, 1.0)]),
        ("(embedding:style:1.5) fox", "l", [(1, 1.5), (2, 1.5)]),
        ("embedding:style, fox", "l", [(1, 1.0), (2, 1.0)]),
        ("embedding:old embedding:old", "l", [(1, 1.0), (2, 1.0)]),
        ("fox\nembedding:xl", "l", [(2, 1.0), (3, 1.0), (4, 1.0)]),
        ("fox\nembedding:xl", "g", [(2, 1.0)]),
        ("xembedding:style", "l", []),
        ("embedding:narrow fox", "l", []),
    ],
)
def test_embeddings_stand_where_they_are_named(clip, text, role, places):
    assert vectors(clip, text, role) == places


def test_text_behind_an_embedding_is_kept(clip):
    row = clip.tokenize("embedding:style, fox")["l"][0]
    assert [token for token, _ in row[3:6]] == [*tokenize(", fox"), END]


def test_a_missing_embedding_is_left_out_and_named(clip):
    row = clip.tokenize("a embedding:stile, fox")["l"][0]
    assert [token for token, _ in row[1:5]] == [*tokenize("a"), *tokenize(", fox"), END]
    assert clip.missing_embeddings("a (embedding:stile, fox:1.2) embedding:style") == ["stile"]


def test_broken_embeddings_are_errors(clip, tmp_path):
    (tmp_path / "embeddings" / "bad.safetensors").write_bytes(b"nothing")
    with pytest.raises(BadModelFile, match=r"bad\.safetensors"):
        clip.encode("embedding:bad")


def test_an_encoder_that_lacks_tensors_is_refused(tmp_path):
    tensors = {"cond_stage_model.transformer." + n: t for n, t in model().state_dict().items()}
    del tensors["cond_stage_model.transformer.text_model.embeddings.position_embedding.weight"]
    save_file(tensors, tmp_path / "a.safetensors")
    ((part, _),) = find_text_encoders(open_weights(tmp_path / "a.safetensors"))
    with pytest.raises(BadModelFile, match="lacks the tensor"):
        encoder("l", part, "sd1")


def test_identity_tells_handles_apart(tmp_path):
    pair = handles(tmp_path)
    clip = ClipHandle(pair, WeightsPool())
    assert clip.identity == ClipHandle(pair, WeightsPool()).identity == clip.clone().identity
    others = [clip.with_layer(-1), ClipHandle(pair[:1], clip.pool), ClipHandle((with_pad(pair[0]), pair[1]), clip.pool)]
    assert len({clip.identity, *(other.identity for other in others)}) == 4


def with_pad(e: TextEncoder) -> TextEncoder:
    return TextEncoder(e.role, e.part, e.layout, e.layer, e.normed, 0)
