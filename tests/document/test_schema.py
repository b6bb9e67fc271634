"""The published JSON Schema is current, valid, and of one mind with the reader."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphexec.document
from graphexec.document.form_check import plainly_valid
from graphexec.document.schema import json_schema, json_schema_text
from graphexec.document.schema_errors import form_errors
from graphexec.document.yaml_text import parse_yaml
from tests.document.reading import read_text
from tests.document.test_named_form import FLOW

PUBLISHED = Path(graphexec.document.__file__).with_name("workflow.schema.json")
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def test_the_published_file_is_current():
    assert PUBLISHED.read_text(encoding="utf-8") == json_schema_text(), "write json_schema_text() to the file"


def test_it_is_a_valid_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_it_accepts_the_form():
    VALIDATOR.validate(parse_yaml(FLOW).value)


@pytest.mark.parametrize(
    "text",
    [
        "nodes: {a: {type: X}}",
        "{graphexec: 2, nodes: {a: {type: X}}}",
        "{graphexec: 1, nodes: {a: {typ: X}}}",
        "{graphexec: 1, nodes: {a: {type: X, inputs: {x: {link: base}}}}}",
        "{graphexec: 1, nodes: {a: {type: X, inputs: {x: {param: p, y: 1}}}}}",
        "{graphexec: 1, nodes: {a: {type: X}}, parameters: {p: {type: INTEGER}}}",
        "{graphexec: 1, nodes: {'a ': {type: X}}}",
        "{graphexec: 1, nodes: {a: {type: X}}, parameters: {1x: {type: INT}}}",
    ],
)
def test_both_refuse(text):
    assert not VALIDATOR.is_valid(parse_yaml(text).value)
    assert read_text(text, "yaml")[1]


names = st.sampled_from(["a", "b", "c", "a b", "57:41", "link", "value", "param"])
odd_names = names | st.sampled_from(["a=", " a", "type", "", "__value__"])
texts = st.sampled_from(["a.0", "X", "b.OUT", "p"])
scalars = texts | st.none() | st.booleans() | st.integers(0, 2)
inputs = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(odd_names, inner, max_size=2), max_leaves=4
)
mostly_texts = st.one_of(texts, texts, texts, scalars)
nodes = st.fixed_dictionaries(
    {"type": mostly_texts},
    optional={"inputs": st.dictionaries(names, inputs, max_size=2), "title": mostly_texts},
)
parameters = st.fixed_dictionaries(
    {"type": st.sampled_from(["INT", "INT", "STRING", "X"])},
    optional={"default": scalars, "min": st.integers(-1, 1), "choices": st.lists(scalars, max_size=2)},
)
forms = st.fixed_dictionaries(
    {"graphexec": st.sampled_from([1, 1, 1, 2, "1"]), "nodes": st.dictionaries(names, nodes, min_size=1, max_size=2)},
    optional={
        "targets": st.lists(names, min_size=1, max_size=1) | scalars,
        "name": mostly_texts,
        "parameters": st.dictionaries(odd_names, parameters, max_size=1),
    },
)


@given(forms)
@settings(max_examples=300)
def test_what_the_reader_accepts_the_schema_accepts(form):
    _, found = read_text(json.dumps(form))
    if not found:
        VALIDATOR.validate(form)


odd_forms = st.dictionaries(
    odd_names | st.sampled_from(["graphexec", "nodes", "parameters", "targets", "name"]), inputs, max_size=4
)


@given(forms | odd_forms)
@settings(max_examples=500)
def test_the_check_without_pydantic_and_the_models_agree(form):
    found, refused = form_errors(form)
    assert plainly_valid(form) == (not found)
    assert not refused or found


@given(st.text() | st.text(alphabet="a= \n\t\x1c\u00a0:."))
def test_a_name_that_passes_the_check_passes_the_models(name):
    form = {"graphexec": 1, "nodes": {name: {"type": "X"}}, "parameters": {name: {"type": "INT"}}}
    for part in (form, {"graphexec": 1, "nodes": form["nodes"]}):
        if plainly_valid(part):
            assert form_errors(part) == ([], frozenset())
