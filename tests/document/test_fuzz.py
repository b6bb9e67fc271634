"""No text and no bytes make the readers raise; every finding they make can be shown."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from graphexec.diagnostics.codes import CODES
from graphexec.diagnostics.render_text import render_text
from graphexec.document.load import load_source, read
from graphexec.document.locate import locate
from graphexec.document.model import Document, Source
from graphexec.document.overrides import apply
from graphexec.errors import InvalidWorkflow
from tests.document.test_named_form import FLOW

API = json.dumps(
    {
        "prompt": {
            "3": {"class_type": "K", "inputs": {"seed": 2**64 - 1, "model": ["4", 0], "x": {"__value__": [1]}}},
            "4": {"class_type": "L", "inputs": {"name": "é😀\ud83d"}, "_meta": {"title": "t"}, "is_changed": [1.5]},
        },
        "partial_execution_targets": ["3"],
        "extra_data": {"extra_pnginfo": {"workflow": {"nodes": []}}},
    },
    indent=1,
)
PIECES = [
    "[", "]", "{", "}", '"', "'", ":", ",", "\n", "\r", "\t", " ", "\\", "\\ud800", "null", "NaN", "Infinity", "1e999",
    "-", "- ", "? ", "& ", "&a ", "*a", "*", "!", "!!str ", "|", ">", "%", "@", "#", "---", "...", "<<: ", "9" * 700,
    "\x00", "\x85", "\u2028", "\ufeff", "\U0010ffff", "\ud800", "class_type", "inputs", "nodes", "prompt", "param",
    "link", "[" * 200, "- " * 200, "{a: " * 200, '{"a":' * 200, ".inf", "0x", "true",
]  # fmt: skip


def survive(source):
    """Read, override, locate and render; what comes out is well formed."""
    document, found = read(source)
    assert document is None or isinstance(document, Document)
    if document is not None:
        document, more = apply(document, set={"3.seed": 1}, seed=2, targets=["3"])
        found = [*found, *more]
    else:
        assert found
    located = locate(found, source)
    for finding in located:
        assert finding.code in CODES
        assert finding.file
        assert finding.span is None or (finding.span.line, finding.span.column) <= (
            finding.span.end_line,
            finding.span.end_column,
        )
        str(finding)
    render_text(located)


def mutated(text):
    """Texts made by cutting, doubling and inserting in a valid one."""
    cuts = st.tuples(st.integers(0, len(text)), st.integers(0, len(text)), st.sampled_from(["", *PIECES]))

    def change(edits):
        result = text
        for start, end, piece in edits:
            result = result[:start] + piece + (result[end:] if end >= start else result[start:])
        return result

    return st.lists(cuts, min_size=1, max_size=4).map(change)


formats = st.sampled_from(["json", "yaml"])


@given(st.text(st.characters()), formats)
def test_any_text(text, format):
    survive(Source("f", text, format))


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), formats)
@settings(max_examples=400)
def test_pieces_of_syntax(text, format):
    survive(Source("f", text, format))


@given(mutated(API), formats)
@settings(max_examples=300)
def test_mutated_api_files(text, format):
    survive(Source("f", text, format))


@given(mutated(FLOW))
@settings(max_examples=300)
def test_mutated_named_files(text):
    survive(Source("f", text, "yaml"))


words = st.sampled_from(
    [
        "class_type",
        "inputs",
        "_meta",
        "__value__",
        "prompt",
        "nodes",
        "graphexec",
        "targets",
        "parameters",
        "type",
        "value",
        "param",
        "link",
        "workflow",
        "input",
        "extra_data",
        "default",
        "min",
        "3",
        "a.b",
    ]
)
scalars = st.sampled_from([1.5, 10**30, float("inf"), "INT", "a.0", "3", ""])
trees = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
)


@given(st.dictionaries(words, trees))
@settings(max_examples=300)
def test_any_structure_of_the_words_that_mean_something(value):
    survive(Source("f", json.dumps(value), "json"))


@given(
    st.binary() | mutated(API).map(lambda text: text.encode("utf-8", "replace")),
    st.sampled_from([".json", ".yaml", ""]),
)
def test_any_bytes(tmp_path_factory, data, suffix):
    path = tmp_path_factory.getbasetemp() / f"fuzz{suffix}"
    path.write_bytes(data)
    try:
        source = load_source(path)
    except InvalidWorkflow as refused:
        assert [d.code for d in refused.diagnostics] == ["GX101"]
        return
    survive(source)
