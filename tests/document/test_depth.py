"""The nesting scan agrees with the nesting of the value, whatever strings hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.document.depth import nesting
from graphexec.document.json_text import parse_json
from graphexec.document.limits import MAX_DEPTH
from graphexec.document.yaml_text import parse_yaml

texts = st.text(alphabet='[]{}"\\,: aé\n')
values = st.recursive(st.none() | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner))


def depth_of(value):
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if children is None else 1 + max(map(depth_of, children), default=0)


@given(values, st.booleans(), st.sampled_from([None, 2]))
def test_equals_the_depth_of_the_value(value, ascii_only, indent):
    assert nesting(json.dumps(value, ensure_ascii=ascii_only, indent=indent)) == depth_of(value)


@given(st.text(alphabet='[]{}"\\ a'))
def test_never_raises(text):
    assert nesting(text) >= 0


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
def test_the_limit_is_exact(parse):
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH).usable
    refused = parse("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    assert [d.code for d in refused.diagnostics] == ["GX104"]
    assert refused.diagnostics[0].span.column == MAX_DEPTH + 1


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[{" * 100_000, "[" * 100_000 + "]" * 100_000])
def test_deep_json_is_refused(text):
    assert [d.code for d in parse_json(text).diagnostics] == ["GX104"]


def test_closing_brackets_that_hide_the_depth_from_the_scan_are_a_syntax_error():
    assert [d.code for d in parse_json("]" * 100_000 + "[" * 100_000).diagnostics] == ["GX102"]
    assert [d.code for d in parse_json('"' + "[" * 100_000).diagnostics] == ["GX102"]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "".join("  " * n + "a:\n" for n in range(500)),
        "".join(" " * n + "-\n" for n in range(500)),
        "[\n" * 100_000,
        "]" * 100 + "[" * 100_000,
        "!!seq [" * 100_000,
        "&a [" * 100_000,
    ],
)
def test_deep_yaml_is_refused(text):
    refused = parse_yaml(text)
    assert not refused.usable
    assert refused.diagnostics[0].code in ("GX104", "GX102", "GX108")


def test_aliases_count_for_the_depth():
    lines = ["a0: &a0 [x]", *(f"a{n + 1}: &a{n + 1} [*a{n}]" for n in range(MAX_DEPTH))]
    assert [d.code for d in parse_yaml("\n".join(lines)).diagnostics] == ["GX104"]
    assert parse_yaml("\n".join(lines[: MAX_DEPTH - 2])).usable
