"""JSON: exact values, and what the C parser would let pass."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.document.json_text import parse_json
from graphexec.document.model import Unreadable


def test_integers_stay_exact():
    assert parse_json(f"[{2**64 - 1}, {-(2**63)}, 1.0, 1]").value == [2**64 - 1, -(2**63), 1.0, 1]


def test_endless_integers_are_reported_where_they_stand():
    parsed = parse_json(
        '{"a": [' + "9" * 5000 + ', "' + "9" * 5000 + '"], "b": -' + "1" * 4301 + ', "c": 1' + "0" * 4301 + ".5}"
    )
    assert [(d.code, d.span.column) for d in parsed.diagnostics] == [("GX109", 8), ("GX109", 10020)]
    assert isinstance(parsed.value["a"][0], Unreadable)
    assert parsed.value["a"][1] == "9" * 5000
    assert parsed.value["c"] == math.inf


def test_equal_keys_are_all_found_with_both_places():
    text = '{"a": 1, "b": {"x": 1, "x": 2, "y": {"x": 3}}, "a": 2, "\\u0061": 3}'
    parsed = parse_json(text)
    assert [(d.code, d.place.path, d.span.column, d.related[0].span.column) for d in parsed.diagnostics] == [
        ("GX103", ("b", "x"), 24, 16),
        ("GX103", ("a",), 48, 2),
        ("GX103", ("a",), 56, 2),
    ]


def test_the_same_key_in_two_equal_mappings_is_reported_once():
    parsed = parse_json('{"3": {"x": 1}, "3": {"x": 1}}')
    assert [d.place.path for d in parsed.diagnostics] == [("3",)]


def test_half_characters_are_reported_and_whole_ones_are_not():
    parsed = parse_json(r'{"a": "\ud83d\ude00", "b": "x\ud83d", "\udc00": 1, "c": "\\ud800"}')
    assert [(d.code, d.span.column) for d in parsed.diagnostics] == [("GX108", 28), ("GX108", 39)]
    assert parsed.value["a"] == "😀"


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "empty"),
        (" \n ", 1, 1, "empty"),
        ('{"a": 1,}', 1, 8, "comma"),
        ('{"a": [1, 2,\n]}', 1, 12, "comma"),
        ('{"a" 1}', 1, 6, "':'"),
        ('{"a": 1 "b": 2}', 1, 9, "','"),
        ("{'a': 1}", 1, 2, "double quotes"),
        ("{\"a\": 'x'}", 1, 7, "double quotes"),
        ('{"a": True}', 1, 7, "true, false and null"),
        ('{"a": 1 // c\n}', 1, 9, "no comments"),
        ('{\r\n"a":\t"x\ny"}', 2, 8, "line break"),
        ('{"a": "x', 1, 7, "no end"),
        ('{"a": "\\x"}', 1, 8, "escape"),
        ('{"é😀": tru}', 1, 8, "expected"),
        ('{"a": {"b": 1}', 1, 15, "ends before"),
        ("{} {}", 1, 4, "nothing may follow"),
    ],
)
def test_syntax_errors_say_where_and_what(text, line, column, words):
    (found,) = parse_json(text).diagnostics
    assert found.code == "GX102"
    assert (found.span.line, found.span.column) == (line, column)
    assert words in f"{found.message} {found.hint}"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(values, st.booleans())
def test_every_json_value_is_read_as_itself(value, ascii_only):
    parsed = parse_json(json.dumps(value, ensure_ascii=ascii_only))
    assert parsed.usable
    assert not parsed.diagnostics
    assert repr(parsed.value) == repr(value)
