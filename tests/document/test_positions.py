"""Positions: the span of every leaf, cut from the text, is read back as the leaf's value."""

import json

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from graphexec.diagnostics.codes import BAD_FIELD, report
from graphexec.diagnostics.model import Place
from graphexec.document.events import entries
from graphexec.document.json_events import json_events
from graphexec.document.json_text import parse_json
from graphexec.document.locate import locate
from graphexec.document.model import Source
from graphexec.document.yaml_events import yaml_events
from graphexec.document.yaml_text import parse_yaml

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"), max_size=8
)
keys = texts.filter("<<".__ne__)
leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.floats(allow_nan=False) | texts
trees = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


def paths(value, path=()):
    """Every path of a value, leaves and collections."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield from paths(child, (*path, key))


def cut(text, span):
    """The text of a span, by lines and columns alone."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if span.line == span.end_line:
        return lines[span.line - 1][span.column - 1 : span.end_column - 1]
    first, *middle = lines[span.line - 1 : span.end_line]
    return "\n".join([first[span.column - 1 :], *middle[:-1], middle[-1][: span.end_column - 1]])


def spans_of(value, text, format):
    wanted = [path for path, _ in paths(value) if path]
    found = locate([report(BAD_FIELD, "x", Place(p)) for p in wanted], Source("f", text, format))
    return {path: d.span for path, d in zip(wanted, found, strict=True)}


def keys_of(value, text, format):
    wanted = [path for path, _ in paths(value) if path and isinstance(path[-1], str)]
    found = locate([report(BAD_FIELD, "x", Place(p, "key")) for p in wanted], Source("f", text, format))
    return {path: d.span for path, d in zip(wanted, found, strict=True)}


@given(trees, st.sampled_from([None, 0, 2, "\t"]), st.booleans(), st.sampled_from(["\n", "\r\n", "\r"]))
@example({"a": [{"é😀\t": '\\"[{'}, 5]}, "\t", False, "\r\n")
def test_json_values(value, indent, ascii_only, line_end):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).replace("\n", line_end)
    for path, span in spans_of(value, text, "json").items():
        expected = dict(paths(value))[path]
        assert repr(parse_json(cut(text, span)).value) == repr(expected)
    for path, span in keys_of(value, text, "json").items():
        assert parse_json(cut(text, span)).value == path[-1]


@given(trees, st.sampled_from([False, True, None]), st.sampled_from([80, 20]), st.booleans())
@example({"a": [{"b": "x y " * 30, "c": None}], "d": "two\nlines\n"}, False, 20, True)
def test_yaml_values(value, flow, width, unicode):
    text = yaml.safe_dump(value, default_flow_style=flow, width=width, allow_unicode=unicode)
    parsed = parse_yaml(text)
    assert not parsed.diagnostics
    for path, span in spans_of(parsed.value, text, "yaml").items():
        expected = dict(paths(parsed.value))[path]
        if isinstance(expected, (dict, list)):
            continue
        again = parse_yaml(cut(text, span) + "\n")
        assert not again.diagnostics
        assert repr(again.value) == repr(expected)
    for path, span in keys_of(parsed.value, text, "yaml").items():
        key = cut(text, span).removeprefix("? ")
        assert parse_yaml(f"? {key}\n: 1").value == {path[-1]: 1}


@given(st.dictionaries(keys, st.dictionaries(keys, texts | st.lists(texts))), st.integers(0, 3))
def test_wanting_few_paths_gives_the_same_positions_as_wanting_all(value, pick):
    for text, events in ((json.dumps(value), json_events), (yaml.safe_dump(value), yaml_events)):
        everything = {entry.path: entry for entry in entries(events(text))}
        wanted = {path for index, path in enumerate(everything) if index % 4 == pick}
        few = {entry.path: entry for entry in entries(events(text), wanted)}
        assert wanted <= few.keys()
        assert all(few[path] == everything[path] for path in wanted)


@given(st.text() | st.text(alphabet='[]{}":, \\\n-&*!|a'), st.sampled_from(["json", "yaml"]))
def test_positions_of_any_text_never_raise(text, format):
    found = locate([report(BAD_FIELD, "x", Place(("a", 0, "b")))], Source("f", text, format))
    assert found[0].file == "f"
