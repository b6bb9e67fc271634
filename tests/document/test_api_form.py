"""API-format files: wrappers, nodes, links and literals."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.document.model import Link, Target, Unreadable
from tests.document.reading import codes_of, pointed, read_text

NODE = {"class_type": "KSampler", "inputs": {"model": ["4", 1], "steps": 20}, "_meta": {"title": "Base"}}
PROMPT = {"3": NODE}
EDITOR = {"nodes": [{"id": 1, "type": "KSampler"}], "links": [], "version": 0.4}


@pytest.mark.parametrize(
    ("value", "path", "workflow"),
    [
        (PROMPT, ("3",), None),
        ({"prompt": PROMPT, "client_id": "c"}, ("prompt", "3"), None),
        (
            {"prompt": PROMPT, "extra_data": {"extra_pnginfo": {"workflow": EDITOR}}, "number": -1},
            ("prompt", "3"),
            EDITOR,
        ),
        ({"prompt": PROMPT, "extra_data": {"extra_pnginfo": None}}, ("prompt", "3"), None),
        ({"input": {"workflow": PROMPT, "images": []}}, ("input", "workflow", "3"), None),
        ({"prompt": [0, "id", PROMPT, {"extra_pnginfo": {"workflow": EDITOR}}, ["3"]]}, ("prompt", 2, "3"), EDITOR),
        ({"7b1": {"prompt": [0, "7b1", PROMPT, {}, []], "outputs": {}}}, ("7b1", "prompt", 2, "3"), None),
    ],
)
def test_wrappers(value, path, workflow):
    document, found = read_text(json.dumps(value))
    assert found == []
    assert list(document.nodes) == ["3"]
    node = document.nodes["3"]
    assert (node.type, node.title, node.path) == ("KSampler", "Base", path)
    assert dict(node.inputs) == {"model": Link("4", 1), "steps": 20}
    assert document.workflow == workflow
    assert document.targets == ()


def test_nodes_may_have_the_names_of_wrappers():
    value = {name: {"class_type": "X", "inputs": {}} for name in ("prompt", "input", "nodes", "graphexec", "workflow")}
    document, found = read_text(json.dumps(value))
    assert found == []
    assert list(document.nodes) == list(value)


def test_partial_execution_targets():
    body = {"prompt": {"9": NODE, "57:41": NODE}, "partial_execution_targets": ["57:41", "9"]}
    document, found = read_text(json.dumps(body))
    assert found == []
    base = ("partial_execution_targets",)
    assert document.targets == (Target("57:41", None, (*base, 0)), Target("9", None, (*base, 1)))
    body["partial_execution_targets"] = ["9", "8:0", 9]
    text = json.dumps(body)
    document, found = read_text(text)
    assert [(d.code, pointed(text, d)) for d in found] == [("GX209", '"8:0"'), ("GX108", "9")]
    body["partial_execution_targets"] = []
    assert codes_of(read_text(json.dumps(body))[1]) == ["GX208"]
    body["partial_execution_targets"] = "9"
    assert codes_of(read_text(json.dumps(body))[1]) == ["GX108"]


@pytest.mark.parametrize(
    "value",
    [
        EDITOR,
        {"nodes": []},
        {"definitions": {"subgraphs": [EDITOR]}, "nodes": []},
        {"workflow": EDITOR},
        {"prompt": EDITOR},
        {"input": {"workflow": EDITOR}},
        {"version": 1, "state": {}, "nodes": [], "links": [{"id": 1}]},
    ],
)
def test_editor_files_are_recognised(value):
    document, found = read_text(json.dumps(value))
    assert "GX110" not in codes_of(found)
    assert isinstance(document.workflow["nodes"], list)


def test_an_editor_file_needs_a_list_of_nodes():
    document, found = read_text('{"definitions": {"subgraphs": []}, "nodes": {}}')
    assert document is None
    assert codes_of(found) == ["GX110"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "empty"),
        ([], "a list"),
        ("x", "a text"),
        (3, "an integer"),
        ({}, "no nodes"),
        ({"prompt": {}}, "no nodes"),
        ({"prompt": 3, "a": 1}, '"prompt", "a"'),
        ({"input": {"workflow": "x"}}, "a text"),
        ({"templates": [{"name": "x"}]}, "templates"),
        ({"a": 1, "b": 2}, '"a", "b"'),
        ({k: {"prompt": [0, k, PROMPT, {}, []]} for k in "ab"}, "2 prompts"),
    ],
)
def test_what_is_no_workflow(value, words):
    document, found = read_text(json.dumps(value))
    assert document is None
    assert codes_of(found) == ["GX106"]
    assert words in found[0].message


@pytest.mark.parametrize(
    ("value", "message", "where"),
    [
        ([5, 0], "node id of a link is a text, not an integer", "5"),
        ([None, 0], "node id of a link is a text, not null", "null"),
        ([True, 0], "node id of a link is a text, not true", "true"),
        ([["4"], 0], "node id of a link is a text, not a list", '["4"]'),
        (["4", True], "output index of a link is an integer, not true", "true"),
        (["4", 0.0], "output index of a link is an integer, not a number", "0.0"),
        (["4", "0"], "output index of a link is an integer, not a text", '"0"'),
        (["4", -1], "output index of a link is 0 or more", "-1"),
        (["4"], "this list has 1", '["4"]'),
        ([], "this list has 0", "[]"),
        (["4", 0, 1], "this list has 3", '["4", 0, 1]'),
    ],
)
def test_malformed_links(value, message, where):
    text = json.dumps({"3": {"class_type": "X", "inputs": {"a": 1, "model": value}}}, ensure_ascii=False)
    document, found = read_text(text)
    assert [(d.code, d.node, d.input) for d in found] == [("GX211", "3", "model")]
    assert message in found[0].message
    assert pointed(text, found[0]) == where
    assert document.nodes["3"].inputs["model"] == Unreadable()


def test_hints_of_malformed_links():
    def hint(value):
        return read_text(json.dumps({"3": {"class_type": "X", "inputs": {"a": value}}}))[1][0].hint

    assert hint([4, 1]) == 'write ["4", 1]'
    assert "__value__" in hint([1, 2, 3])
    assert "__value__" in hint(["a", "b"])


def test_wrapped_lists_and_mappings_are_literals():
    inputs = {"list": {"__value__": ["a", 1]}, "typed": {"__type__": "CURVE", "__value__": [[0, 1]]}, "map": {"a": [1]}}
    document, found = read_text(json.dumps({"3": {"class_type": "X", "inputs": inputs}}))
    assert found == []
    assert dict(document.nodes["3"].inputs) == {"list": ["a", 1], "typed": [[0, 1]], "map": {"a": [1]}}


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ("18446744073709551616", "18446744073709551616"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
        ('{"__value__": [1, {"x": 1e999}]}', "1e999"),
        ('{"x": [0, NaN]}', "NaN"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_numbers_out_of_range(written, where):
    text = '{"3": {"class_type": "X", "inputs": {"seed": %s, "b": 18446744073709551615}}}' % written  # noqa: UP031
    document, found = read_text(text)
    assert codes_of(found) == ["GX109"]
    assert pointed(text, found[0]) == where
    assert document.nodes["3"].inputs["seed"] == Unreadable()
    assert document.nodes["3"].inputs["b"] == 2**64 - 1


def test_not_a_number_is_tolerated_where_comfyui_writes_it():
    document, found = read_text('{"3": {"class_type": "X", "inputs": {}, "is_changed": [NaN]}}')
    assert found == []
    assert document.nodes["3"].type == "X"


@pytest.mark.parametrize(
    ("node", "where", "words"),
    [
        ("3", "3", "not a mapping"),
        ("null", "null", "null"),
        ('{"inputs": {}}', '"3"', 'no "class_type"'),
        ('{"class_type": 5, "inputs": {}}', "5", "an integer"),
        ('{"class_type": "", "inputs": {}}', '""', "empty"),
        ('{"class_tpye": "X", "inputs": {}}', '"3"', "class_tpye"),
        ('{"class_type": "X"}', '"3"', 'no "inputs"'),
        ('{"class_type": "X", "input": {}}', '"3"', '"input"'),
        ('{"class_type": "X", "inputs": []}', "[]", "a list"),
    ],
)
def test_malformed_nodes_are_named_and_the_rest_is_read(node, where, words):
    text = f'{{"3": {node}, "4": {{"class_type": "X", "inputs": {{"a": ["3", 0]}}}}}}'
    document, found = read_text(text)
    assert [(d.code, d.node) for d in found] == [("GX107", "3")]
    assert pointed(text, found[0]) == where
    assert words in f"{found[0].message} {found[0].hint}"
    assert document.broken == {"3"}
    assert list(document.nodes) == ["4"]


def test_all_findings_come_at_once():
    text = """{
 "1": {"class_type": "A", "inputs": {"x": [1, 0], "y": NaN, "y": 2}},
 "2": 5,
 "3": {"class_type": "A", "inputs": {"x": "\\ud800"}}
}"""
    document, found = read_text(text)
    assert sorted((d.code, d.span.line) for d in found) == [("GX103", 2), ("GX107", 3), ("GX108", 4), ("GX211", 2)]
    assert list(document.nodes) == ["1", "3"]


ids = st.text(min_size=1, max_size=4)
inputs = st.dictionaries(
    ids,
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.tuples(ids, st.integers(0, 9)),
    max_size=4,
)


@given(st.dictionaries(ids, st.tuples(ids, inputs), min_size=1, max_size=4))
def test_any_well_formed_prompt_is_read_as_it_is(prompt):
    text = json.dumps({i: {"class_type": kind, "inputs": given} for i, (kind, given) in prompt.items()})
    document, found = read_text(text)
    assert found == []
    for i, (kind, values) in prompt.items():
        expected = {k: Link(*v) if isinstance(v, tuple) else v for k, v in values.items()}
        assert (document.nodes[i].type, dict(document.nodes[i].inputs)) == (kind, expected)


def test_the_same_map_in_yaml():
    text = """\
"3":  # the sampler
  class_type: KSampler
  inputs: {model: ["4", 1], steps: 20, scale: 1e-3, add_noise: on}
  _meta: {title: Base}
"""
    document, found = read_text(text, "yaml")
    assert found == []
    node = document.nodes["3"]
    assert (node.type, node.title) == ("KSampler", "Base")
    assert dict(node.inputs) == {"model": Link("4", 1), "steps": 20, "scale": 0.001, "add_noise": "on"}
    text = text.replace('["4", 1]', "[4, 1]")
    found = read_text(text, "yaml")[1]
    assert [(d.code, pointed(text, d)) for d in found] == [("GX211", "4")]
