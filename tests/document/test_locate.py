"""Findings get their lines: keys and values, missing places, related places, overridden values."""

import pytest

from graphexec.diagnostics.codes import BAD_FIELD, report
from graphexec.diagnostics.model import Place, Related, Span
from graphexec.document.locate import OVERRIDES, locate
from graphexec.document.model import Source

JSON = '{\r\n\t"3": {"class_type": "KSampler",\r\n\t\t"inputs": {"sëed": [1, "😀", {"x": null}]}}\r\n}'
YAML = """\
# a comment
nodes:
  base:
    type: Loader   # here
    inputs: {name: tiny.safetensors}
  other: &o
    type: X
    inputs:
      text: |
        two
        lines
      empty:
  third:
    type: *o
"""


def at(text, format, *path, part="value"):
    (found,) = locate([report(BAD_FIELD, "m", Place(path, part))], Source("f", text, format))
    assert found.excerpt == text.splitlines()[found.span.line - 1]
    return found.span.line, found.span.column, found.span.end_line, found.span.end_column


@pytest.mark.parametrize(
    ("path", "part", "expected"),
    [
        (("3",), "key", (2, 2, 2, 5)),
        (("3", "class_type"), "value", (2, 22, 2, 32)),
        (("3", "type"), "value", (2, 22, 2, 32)),
        (("3", "inputs", "sëed"), "key", (3, 14, 3, 20)),
        (("3", "inputs", "sëed", 1), "value", (3, 26, 3, 29)),
        (("3", "inputs", "sëed", 1), "key", (3, 26, 3, 29)),
        (("3", "inputs", "sëed", 2, "x"), "value", (3, 37, 3, 41)),
        (("3", "inputs", "sëed", 7), "value", (3, 14, 3, 20)),
        (("3", "inputs", "steps"), "value", (3, 3, 3, 11)),
        (("4", "inputs"), "value", (1, 1, 1, 2)),
        ((), "value", (1, 1, 1, 2)),
    ],
)
def test_json(path, part, expected):
    assert at(JSON, "json", *path, part=part) == expected


@pytest.mark.parametrize(
    ("path", "part", "expected"),
    [
        (("nodes", "base"), "key", (3, 3, 3, 7)),
        (("nodes", "base", "class_type"), "value", (4, 11, 4, 17)),
        (("nodes", "base", "inputs", "name"), "value", (5, 20, 5, 36)),
        (("nodes", "base", "inputs", "steps"), "value", (5, 5, 5, 11)),
        (("nodes", "other", "inputs", "text"), "value", (9, 13, 11, 14)),
        (("nodes", "other", "inputs", "empty"), "value", (12, 7, 12, 12)),
        (("nodes", "third", "type"), "value", (14, 11, 14, 13)),
        (("nodes", "third", "type", "inputs"), "value", (14, 5, 14, 9)),
        (("nodes", "other"), "value", (6, 10, 12, 13)),
    ],
)
def test_yaml(path, part, expected):
    assert at(YAML, "yaml", *path, part=part) == expected


def test_a_named_other_field_does_not_hide_a_missing_one():
    assert at('{"3": {"x": 1}}', "json", "3", "class_type") == (1, 2, 1, 5)


def test_related_places_are_located_too():
    related = Related("declared here", Place(("a", "b"), "key"))
    (found,) = locate(
        [report(BAD_FIELD, "m", Place(("c",)), related=(related,))], Source("f", '{"a": {"b": 1}, "c": 2}', "json")
    )
    assert found.span == Span(1, 22, 1, 23)
    assert found.related[0].span == Span(1, 8, 1, 11)
    assert found.related[0].excerpt == '{"a": {"b": 1}, "c": 2}'


def test_overridden_values_are_not_shown_as_the_files():
    source = Source("f", '{"3": {"inputs": {"steps": 20, "cfg": 1}}}', "json")
    findings = [report(BAD_FIELD, "m", Place(("3", "inputs", name))) for name in ("steps", "cfg")]
    located = locate(findings, source, {("3", "inputs", "steps")})
    assert [(d.file, d.span is None) for d in located] == [(OVERRIDES, True), ("f", False)]


def test_order_and_given_spans_stay():
    span = Span(2, 1, 2, 2)
    findings = [report(BAD_FIELD, str(n), Place(("b",))) for n in range(3)]
    located = locate([*findings, *locate(findings, Source("g", "", "json"))], Source("f", '{"b": 1}\n?', "json"))
    assert [d.message for d in located] == ["0", "1", "2", "0", "1", "2"]
    assert [d.file for d in located] == ["f"] * 3 + ["g"] * 3
    from dataclasses import replace

    (kept,) = locate([replace(findings[0], span=span)], Source("f", '{"b": 1}\n?', "json"))
    assert (kept.span, kept.excerpt) == (span, "?")
