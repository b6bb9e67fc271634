"""Carets stand under the characters they mean, whatever the line holds."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.diagnostics.excerpt import underline
from graphexec.diagnostics.sanitize import cells, shown, visible


def columns(text):
    return sum(map(cells, text))


def under(line, start, end, width=100):
    """Return the printed text that the carets stand under, found by counting terminal columns."""
    printed, carets = underline(line, start, end, width)
    first, last = len(carets) - len(carets.lstrip()), len(carets)
    assert set(carets.strip()) == {"^"}
    position, found = 0, ""
    for character in printed:
        if first <= position < last:
            found += character
        position += cells(character)
    return found


@pytest.mark.parametrize(
    "line",
    [
        "x = [abc]",
        "雪の中の狐 [abc]",
        "\t\t[abc]",
        "e\u0301te\u0301 [abc]",
        "🦊🦊 [abc] 🦊",
        "\x1b[31m [abc]",
        "\u202e[abc]",
    ],
)
def test_carets_stand_under_the_span(line):
    start = line.index("abc")
    assert under(line, start, start + 3) == "abc"


@given(st.text(max_size=300), st.text(max_size=300), st.integers(10, 120))
def test_carets_in_any_text(before, after, width):
    before, after = (text.replace("\n", " ") for text in (before, after))
    line = f"{before}[abc]{after}"
    printed, carets = underline(line, len(before), len(before) + 5, width)
    found = under(line, len(before), len(before) + 5, width)
    assert found.endswith("[abc]") and columns(found) == 5, "marks of no width may stand before it"
    assert columns(printed) <= width + 2 + len("\\U00000000")
    assert visible(printed) == printed, "control characters are escaped"
    assert len(carets) <= columns(printed) + 1


def test_long_lines_are_cut_around_the_span():
    line = "a" * 5000 + "MIDDLE" + "b" * 5000
    printed, carets = underline(line, 5000, 5006, width=60)
    assert printed.startswith("…a") and printed.endswith("b…") and "MIDDLE" in printed
    assert columns(printed) <= 62
    assert carets.endswith("^^^^^^") and len(carets) == printed.index("MIDDLE") + 6


def test_a_span_longer_than_the_line_is_cut():
    printed, carets = underline("k: " + "v" * 500, 3, 503, width=40)
    assert carets.count("^") == printed.count("v") > 20


@pytest.mark.parametrize(("start", "end"), [(3, 3), (99, 120), (2, 1), (-5, -1)])
def test_an_empty_or_impossible_span_still_has_a_caret(start, end):
    assert underline("abc", start, end)[1].count("^") == 1


def test_visible_escapes_what_steers_a_terminal():
    assert visible("a\x1b[2Jb\u202ec\u2066\u200e\ud800\n\U000e0041") == (
        "a\\x1b[2Jb\\u202ec\\u2066\\u200e\\ud800\\n\\U000e0041"
    )


@given(st.text(st.characters()))
def test_visible_leaves_no_control_character(text):
    assert not {unicodedata.category(c) for c in visible(text)} & {"Cc", "Cs", "Zl", "Zp"}
    visible(text).encode("utf-8")


@given(st.text(st.characters(categories=["L", "N", "P", "S", "M", "Zs"])))
def test_visible_keeps_ordinary_text(text):
    assert visible(text) == text


def test_shown_values():
    assert [shown(v) for v in (None, True, 1, 1.0, "x", [1], {"a": 1})] == [
        "null", "true", "1", "1.0", '"x"', "a list", "a mapping",
    ]  # fmt: skip
    assert shown("y" * 500) == '"' + "y" * 58 + '…"'
    assert shown(10**5000) == "a very large number"
