"""YAML: YAML 1.2 values, duplicate keys, aliases, and what is refused; with libyaml and without."""

import json
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from graphexec.document import yaml_events
from graphexec.document.limits import MAX_ALIASED_VALUES
from graphexec.document.yaml_text import parse_yaml


@pytest.fixture(params=["libyaml", "python"])
def parser(request, monkeypatch):
    """Both of PyYAML's parsers: the second is what runs where libyaml is absent."""
    if request.param == "python":
        monkeypatch.delattr(yaml_events.yaml, "CSafeLoader", raising=False)
    elif not yaml.__with_libyaml__:
        pytest.skip("this PyYAML was built without libyaml")
    return request.param


def test_values(parser):
    text = """
    a: [1e-3, on, 0o17, 12:30, 2001-01-01, null, ~, "1", 'true', .inf, 18446744073709551615]
    3: {x: , "y": text with spaces, z: [], w: {}}
    multi: |
      one
        two
    folded: >-
      one
      two
    """
    assert parse_yaml(text).value == {
        "a": [0.001, "on", 15, "12:30", "2001-01-01", None, None, "1", "true", math.inf, 2**64 - 1],
        "3": {"x": None, "y": "text with spaces", "z": [], "w": {}},
        "multi": "one\n  two\n",
        "folded": "one two",
    }


def test_aliases_share_their_value(parser):
    value = parse_yaml("a: &x {b: &y [1]}\nc: *x\nd: [*y, *x]\ne: &z 5\nf: *z").value
    assert value == {"a": {"b": [1]}, "c": {"b": [1]}, "d": [[1], {"b": [1]}], "e": 5, "f": 5}


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3", "GX103", 3, 1),
        ("a: {b: 1, 'b': 2}", "GX103", 1, 11),
        ("3: 1\n'3': 2", "GX103", 2, 1),
        ("a: *x", "GX102", 1, 4),
        ("a: &x [1, *x]", "GX105", 1, 11),
        ("a: &x\n  b: *x", "GX105", 2, 6),
        ("base: &b {a: 1}\nc:\n  <<: *b", "GX108", 3, 3),
        ("a: !!python/object/apply:os.system [ls]", "GX108", 1, 4),
        ("a: !!str 3", "GX108", 1, 4),
        ("? [a, b]\n: 1", "GX108", 1, 3),
        ("? {a: b}\n: 1", "GX108", 1, 3),
        ("a: &x y\n*x : 1", "GX108", 2, 1),
        ("a: 1\n---\nb: 2", "GX102", 2, 1),
        ("a: [1, 2", "GX102", 1, 9),
        ("a: 1\n\tb: 2", "GX102", 2, 1),
        ("é: \x07", "GX102", 1, 4),
        ("a: x\u2028y", "GX102", 1, 5),
        ("a: 'x", "GX102", 1, 6),
    ],
)
def test_refusals(parser, text, code, line, column):
    (found,) = parse_yaml(text).diagnostics
    assert (found.code, found.span.line, found.span.column) == (code, line, column)


def test_a_duplicate_key_names_the_first(parser):
    (found,) = parse_yaml("x:\n  - a: 1\n    a: 2").diagnostics
    assert found.place.path == ("x", 0, "a")
    assert (found.related[0].span.line, found.related[0].span.column) == (2, 5)


def test_alias_bombs_are_refused(parser):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    (found,) = parse_yaml("\n".join(lines)).diagnostics
    assert found.code == "GX105"


def test_many_honest_aliases_are_no_bomb():
    text = "a: &a x\nb: [" + ", ".join(["*a"] * (MAX_ALIASED_VALUES - 1)) + "]"
    assert parse_yaml(text).usable
    assert not parse_yaml(text[:-1] + ", *a, *a]").usable


def test_half_characters(parser):
    (found,) = parse_yaml('a: "\\ud800"').diagnostics
    assert found.code in ("GX102", "GX108")


def test_comments_only_are_an_empty_file(parser):
    parsed = parse_yaml("# nothing\n")
    assert parsed.usable
    assert parsed.value is None


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts.filter("<<".__ne__), inner, max_size=4),
)


@given(values)
def test_json_notation_is_read_as_json(value):
    parsed = parse_yaml(json.dumps(value, ensure_ascii=False))
    assert not parsed.diagnostics
    assert repr(parsed.value) == repr(value)


strings = st.recursive(
    texts, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts.filter("<<".__ne__), inner, max_size=4)
)


@given(strings, st.sampled_from(['"', "'", "|"]), st.booleans())
def test_texts_survive_every_style_that_another_writer_uses(value, style, flow):
    text = yaml.safe_dump(value, default_style=style, default_flow_style=flow, allow_unicode=True)
    text = text.replace("!!str ", "")
    parsed = parse_yaml(text)
    assert not parsed.diagnostics
    assert parsed.value == value
