"""Suggestions: typing mistakes are found, unrelated words are not, and the distance is a metric on short words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.diagnostics.suggest import edit_distance, nearest, similarity

SAMPLERS = ["euler", "euler_ancestral", "heun", "dpm_2", "dpmpp_2m", "dpmpp_2m_sde", "uni_pc", "ddim", "lms"]
NODES = ["KSampler", "KSamplerAdvanced", "CLIPTextEncode", "CLIPSetLastLayer", "VAEDecode", "VAEEncode", "SaveImage"]


@pytest.mark.parametrize(
    ("word", "candidates", "first"),
    [
        ("ueler", SAMPLERS, "euler"),
        ("Euler", SAMPLERS, "euler"),
        ("dpmpp2m", SAMPLERS, "dpmpp_2m"),
        ("unipc", SAMPLERS, "uni_pc"),
        ("Ksampler Advanced", NODES, "KSamplerAdvanced"),
        ("ksampler", NODES, "KSampler"),
        ("CLIPTextEncoder", NODES, "CLIPTextEncode"),
        ("VAEDecdoe", NODES, "VAEDecode"),
        ("stpes", ["steps", "start_at_step", "end_at_step", "seed"], "steps"),
        ("tiny", ["sdxl.safetensors", "tiny-sd1.safetensors"], "tiny-sd1.safetensors"),
        ("v1-5-pruned.ckpt", ["v1-5-pruned.safetensors", "v2-1.ckpt"], "v1-5-pruned.safetensors"),
        ("base.safetensors", ["xl/base.safetensors", "vae.safetensors"], "xl/base.safetensors"),
    ],
)
def test_the_word_that_was_meant_comes_first(word, candidates, first):
    assert nearest(word, candidates)[0] == first


@pytest.mark.parametrize("word", ["3", "", "LoadImage", "x" * 5000])
def test_unrelated_words_get_no_suggestion(word):
    assert nearest(word, SAMPLERS) == []


def test_the_limit_and_duplicates():
    assert nearest("step", ["steps", "step1", "step2", "steps", "step3"], limit=2) == ["step1", "step2"]
    assert nearest("steps", ["Steps", "STEPS"]) == ["STEPS", "Steps"]


def test_thousands_of_candidates_are_no_burden():
    names = [f"models/family-{i % 7}/checkpoint-{i:05}.safetensors" for i in range(20000)]
    assert nearest("sd_xl_base_1.0.safetensors", names) == []


words = st.text(alphabet="abcA_ ", max_size=8)


@given(words, words)
def test_distance_is_symmetric_and_zero_only_for_equal_words(a, b):
    assert edit_distance(a, b) == edit_distance(b, a)
    assert (edit_distance(a, b) == 0) == (a == b)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


@given(words, st.integers(0, 6), st.sampled_from("xyz"))
def test_one_mistake_is_distance_one(word, at, letter):
    at = min(at, len(word))
    assert edit_distance(word, word[:at] + letter + word[at:]) == 1
    if at + 1 < len(word) and word[at] != word[at + 1]:
        assert edit_distance(word, word[:at] + word[at + 1] + word[at] + word[at + 2 :]) == 1


@given(words, words)
def test_similarity_stays_in_range(a, b):
    assert 0 <= similarity(a, b) <= 1
    assert (similarity(a, b) == 1) == (a == b)
