"""The tokenizer against tokens that CLIP is known to give, and its laws."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphexec.diffusion.tokenizer import END, START, tokenize


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("a photo of a cat", [320, 1125, 539, 320, 2368]),
        ("hello world!", [3306, 1002, 256]),
        ("a diagram", [320, 22697]),
        ("<|startoftext|>hi<|endoftext|>", [START, 1883, END]),
    ],
)
def test_known_tokens(text, tokens):
    """From the examples in CLIP's own repository and its model cards."""
    assert tokenize(text) == tokens


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_case_and_width_of_white_space_do_not_count(text):
    assert all(0 <= token <= END for token in tokenize(text))
    if text.isascii():
        assert tokenize(text.upper()) == tokenize(text.lower())
        assert tokenize("  ".join(text.split(" "))) == tokenize(text)


@given(st.lists(st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=8), max_size=6))
def test_words_are_tokenized_one_by_one(words):
    assert tokenize(" ".join(words)) == [token for word in words for token in tokenize(word)]


def test_composed_and_decomposed_letters_are_the_same():
    assert tokenize("café") == tokenize("cafe\u0301")
