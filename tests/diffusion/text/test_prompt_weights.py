"""The weight syntax: a table of cases, and what holds for every prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.diffusion.prompt_weights import DEEPEST, segments
from graphexec.errors import NodeError


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", []),
        ("a cat", [("a cat", 1)]),
        ("(a cat)", [("a cat", 1.1)]),
        ("((a cat))", [("a cat", 1.1 * 1.1)]),
        ("(a cat:1.5)", [("a cat", 1.5)]),
        ("(a cat: 1.5 )", [("a cat", 1.5)]),
        ("(a cat:-.5)", [("a cat", -0.5)]),
        ("(a cat:abc)", [("a cat:abc", 1.1)]),
        ("(a:1.2:1.5)", [("a:1.2", 1.5)]),
        ("(:1.5)", [(":1.5", 1.1)]),
        ("a cat:1.5", [("a cat:1.5", 1)]),
        ("(c (d:1.3) e:1.2)", [("c ", 1.2), ("d", 1.3), (" e", 1.2)]),
        ("((c) d)", [("c", 1.1 * 1.1), (" d", 1.1)]),
        ("(a)(b)", [("a", 1.1), ("b", 1.1)]),
        ("()", []),
        (r"\(a\)", [("(a)", 1)]),
        (r"(\(a\):1.2)", [("(a)", 1.2)]),
        (r"\\(a", [(r"\(a", 1)]),
        (r"a \n b", [(r"a \n b", 1)]),
        ("[a] {b}", [("[a] {b}", 1)]),
        ("unclosed (paren", [("unclosed ", 1), ("(paren", 1)]),
        ("surplus) paren", [("surplus) paren", 1)]),
        ("a) (b) c", [("a) (b) c", 1)]),
        ("a) ((b)) c", [("a) (", 1), ("b", 1.1), (") c", 1)]),
        ("((a)", [("(a", 1.1)]),
    ],
)
def test_table(prompt, expected):
    found = segments(prompt)
    assert [s.text for s in found] == [text for text, _ in expected]
    assert [s.weight for s in found] == pytest.approx([weight for _, weight in expected])


@given(st.integers(1, 30), st.text(st.characters(exclude_characters="()\\:"), min_size=1))
def test_every_pair_of_parentheses_counts(depth, text):
    (segment,) = segments("(" * depth + text + ")" * depth)
    assert segment.text == text and segment.weight == pytest.approx(1.1**depth)


@given(st.text(st.sampled_from("ab ,()\\:.1"), max_size=60))
def test_nothing_but_parentheses_and_numbers_is_lost(prompt):
    letters = [c for c in prompt if c in "ab ,"]
    found = segments(prompt)
    assert [c for s in found for c in s.text if c in "ab ,"] == letters or ":" in prompt
    assert all(s.text for s in found)


@given(st.text(st.characters(exclude_characters="()"), min_size=1, max_size=60))
def test_prompts_without_parentheses_are_one_segment(prompt):
    assert [(segment.text, segment.weight) for segment in segments(prompt)] == [(prompt, 1.0)]


def test_endless_nesting_and_endless_weights_are_errors():
    with pytest.raises(NodeError, match=str(DEEPEST)):
        segments("(" * 5000 + "a" + ")" * 5000)
    for weight in ("inf", "nan", "-inf", "1e999"):
        with pytest.raises(NodeError, match="not a finite number"):
            segments(f"(a:{weight})")
    assert segments("(" * 100_000) != []
