"""Values given for one run: inputs, parameters, seeds and targets."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.document.command_line import CommandLineText, param_option, set_option, typed_value
from graphexec.document.load import read
from graphexec.document.locate import OVERRIDES, locate
from graphexec.document.model import Link, ParameterRef, Source, Target, Unreadable
from graphexec.document.overrides import apply
from graphexec.errors import UsageError

PROMPT = {
    "3": {"class_type": "K", "inputs": {"seed": 1, "steps": 20, "model": ["4", 0]}},
    "5": {"class_type": "K", "inputs": {"noise_seed": 2**64 - 1, "seed": True, "x": 1}},
    "57:41": {"class_type": "K", "inputs": {"seed": ["3", 0], "cfg": 1.5}},
    "5.0": {"class_type": "K", "inputs": {}},
}
FLOW = """\
graphexec: 1
parameters:
  prompt: {type: STRING, default: a fox}
  steps: {type: INT, default: 20, min: 1, max: 100}
  cfg: {type: FLOAT, default: 7.5}
  sampler: {type: STRING, choices: [euler, heun]}
  tiled: {type: BOOLEAN, default: false}
  seed: {type: INT, default: 5}
nodes:
  text: {type: T, inputs: {text: {param: prompt}}}
  k: {type: K, inputs: {steps: {param: steps}, cfg: {param: cfg}, sampler: {param: sampler}, seed: {param: seed}}}
  v: {type: V, inputs: {tiled: {param: tiled}, x: 1}}
"""


def api():
    return read(Source("flow.json", json.dumps(PROMPT), "json"))[0]


def named(text=FLOW):
    document, found = read(Source("flow.yaml", text, "yaml"))
    assert found == []
    return document


def inputs(document, node):
    return dict(document.nodes[node].inputs)


def test_nothing_given_changes_nothing():
    document, found = apply(api())
    assert (document, found) == (api(), [])


@pytest.mark.parametrize(
    ("key", "value", "node", "name", "expected"),
    [
        ("3.steps", 30, "3", "steps", 30),
        ("3.new", None, "3", "new", None),
        ("57:41.cfg", 2.0, "57:41", "cfg", 2.0),
        ("5.0.x", "a", "5.0", "x", "a"),
        ("5.x", "a", "5", "x", "a"),
        ("3.model", ["5", 1], "3", "model", Link("5", 1)),
        ("3.model", ("5", 1), "3", "model", Link("5", 1)),
        ("3.model", Link("5", 1), "3", "model", Link("5", 1)),
        ("3.list", {"__value__": ["5", 1]}, "3", "list", ["5", 1]),
        ("3.text", "5.0", "3", "text", "5.0"),
    ],
)
def test_set(key, value, node, name, expected):
    before = api()
    document, found = apply(before, set={key: value})
    assert found == []
    assert inputs(document, node) == inputs(before, node) | {name: expected}
    assert type(inputs(document, node)[name]) is type(expected)
    assert document.overridden == {(node, "inputs", name)}
    assert all(inputs(document, other) == inputs(before, other) for other in before.nodes if other != node)
    assert before == api()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("4.steps", '"4.steps" names no node'),
        ("57:42.cfg", 'did you mean "57:41"?'),
        ("steps", 'write "3.steps"'),
        ("3.", "NODE.INPUT"),
        (".steps", "NODE.INPUT"),
        ("", "NODE.INPUT"),
    ],
)
def test_set_that_names_nothing(key, words):
    document, found = apply(api(), set={key: 1})
    assert [(d.code, d.file) for d in found] == [("GX308", OVERRIDES)]
    assert words in f"{found[0].message} {found[0].hint}"
    assert document.nodes == api().nodes


@pytest.mark.parametrize(
    ("value", "code"), [([4, 0], "GX211"), ([1, 2, 3], "GX211"), (2**64, "GX109"), (float("nan"), "GX109")]
)
def test_set_to_a_malformed_value(value, code):
    document, found = apply(api(), set={"3.steps": value})
    assert [(d.code, d.file, d.node, d.input) for d in found] == [(code, OVERRIDES, "3", "steps")]
    assert inputs(document, "3")["steps"] == Unreadable()


def test_set_for_a_broken_node_is_not_a_second_mistake():
    document, _ = read(Source("f", '{"3": {"class_type": "K"}, "4": {"class_type": "K", "inputs": {}}}', "json"))
    assert apply(document, set={"3.steps": 1}, targets=["3"])[1] == []


def test_seed_sets_every_integer_seed():
    document, found = apply(api(), seed=7)
    assert found == []
    assert inputs(document, "3")["seed"] == 7
    assert inputs(document, "5") == {"noise_seed": 7, "seed": True, "x": 1}
    assert inputs(document, "57:41")["seed"] == Link("3", 0)
    assert document.overridden == {("3", "inputs", "seed"), ("5", "inputs", "noise_seed")}


def test_set_has_the_last_word_over_seed_and_seed_over_parameters():
    document, found = apply(api(), seed=7, set={"3.seed": 9})
    assert found == []
    assert (inputs(document, "3")["seed"], inputs(document, "5")["noise_seed"]) == (9, 7)
    document, found = apply(named(), seed=7, params={"sampler": "heun", "seed": 6})
    assert found == []
    assert inputs(document, "k")["seed"] == 7


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, True, "7"])
def test_bad_seeds(seed):
    document, found = apply(api(), seed=seed)
    assert [d.code for d in found] == ["GX109"]
    assert document == api()


def test_a_seed_for_nothing():
    document, _ = read(Source("f", '{"4": {"class_type": "K", "inputs": {"seed": "x"}}}', "json"))
    assert [d.code for d in apply(document, seed=1)[1]] == ["GX308"]


def test_parameters_take_their_defaults_and_given_values():
    document, found = apply(named(), params={"sampler": "heun", "steps": 30, "cfg": 8})
    assert found == []
    assert inputs(document, "text") == {"text": "a fox"}
    assert inputs(document, "k") == {"steps": 30, "cfg": 8.0, "sampler": "heun", "seed": 5}
    assert isinstance(inputs(document, "k")["cfg"], float)
    assert inputs(document, "v") == {"tiled": False, "x": 1}
    assert document.overridden == {("nodes", "k", "inputs", name) for name in ("steps", "cfg", "sampler")}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("steps", 8.9, "GX301"),
        ("steps", "30", "GX301"),
        ("steps", True, "GX301"),
        ("steps", 0, "GX302"),
        ("steps", 101, "GX303"),
        ("steps", 2**64, "GX109"),
        ("cfg", "x", "GX301"),
        ("cfg", float("inf"), "GX109"),
        ("cfg", 2**63 + 1, "GX109"),
        ("sampler", "hun", "GX304"),
        ("tiled", "false", "GX301"),
        ("tiled", 0, "GX301"),
        ("prompt", 30, "GX301"),
        ("prompt", None, "GX301"),
        ("stpes", 30, "GX306"),
    ],
)
def test_values_are_never_converted(name, value, code):
    params = {"sampler": "euler"} | {name: value}
    document, found = apply(named(), params=params)
    assert [(d.code, d.file) for d in found] == [(code, OVERRIDES)]
    source = document.source
    (located,) = locate(found, source, document.overridden)
    if code == "GX306":
        assert located.hint == "did you mean steps?"
    else:
        assert located.related[0].excerpt.startswith(f"  {name}:")
        assert Unreadable() in [
            *inputs(document, "k").values(),
            *inputs(document, "v").values(),
            *inputs(document, "text").values(),
        ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prompt=30", "30"),
        ("prompt=true", "true"),
        ("prompt=a=b, [c]", "a=b, [c]"),
        ("prompt=", ""),
        ("steps=30", 30),
        ("steps=0x1e", 30),
        ("cfg=8", 8.0),
        ("cfg=1e1", 10.0),
        ("tiled=true", True),
        ("seed=18446744073709551615", 2**64 - 1),
    ],
)
def test_param_texts_are_read_by_type(text, expected):
    name, value = param_option(text)
    document, found = apply(named(), params={"sampler": "euler", name: value})
    assert found == []
    values = {k: v for node in document.nodes.values() for k, v in node.inputs.items()}
    got = values["text" if name == "prompt" else name]
    assert (got, type(got)) == (expected, type(expected))


@pytest.mark.parametrize("text", ["steps=8.9", "steps=", "steps=abc", "tiled=on", "tiled=1", "cfg=", 'sampler="euler"'])
def test_param_texts_of_the_wrong_kind(text):
    name, value = param_option(text)
    assert [d.code for d in apply(named(), params={"sampler": "euler", name: value})[1]] in (["GX301"], ["GX304"])


def test_a_parameter_without_a_value():
    document, found = apply(named())
    (missing,) = locate(found, document.source)
    assert (missing.code, missing.span.line, missing.span.column) == ("GX307", 6, 3)
    assert "--param sampler=" in missing.hint
    assert inputs(document, "k")["sampler"] == Unreadable()


def test_a_parameter_that_is_not_declared():
    document = named(FLOW.replace("{param: steps}", "{param: step}"))
    document, found = apply(document, params={"sampler": "heun"})
    (unknown,) = locate(found, document.source)
    assert (unknown.code, unknown.node, unknown.input) == ("GX306", "k", "steps")
    assert unknown.excerpt[unknown.span.column - 1 :].startswith("step}")
    assert unknown.hint == "did you mean steps?"


def test_no_reference_is_left():
    document, _ = apply(named())
    assert not [v for node in document.nodes.values() for v in node.inputs.values() if isinstance(v, ParameterRef)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", Target("3")),
        ("3:0", Target("3", 0)),
        ("3:LATENT", Target("3", "LATENT")),
        ("57:41", Target("57:41")),
        ("57:41:1", Target("57:41", 1)),
        ("5.0:x", Target("5.0", "x")),
    ],
)
def test_targets(text, expected):
    document, found = apply(api(), targets=[text])
    assert (document.targets, found) == ((expected,), [])


def test_targets_that_name_nothing():
    document, found = apply(api(), targets=["3", "57:4", "6:0", "3:", ""])
    assert document.targets == (Target("3"),)
    assert [(d.code, d.file) for d in found] == [("GX209", OVERRIDES)] * 4
    assert found[0].hint == 'did you mean "57:41"?'


def test_targets_replace_those_of_the_file():
    document = named(FLOW + "targets: [k]\n")
    assert [t.node for t in apply(document)[0].targets] == ["k"]
    assert [t.node for t in apply(document, targets=["v"])[0].targets] == ["v"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("30", 30), ("1e-3", 0.001), ("true", True), ("on", "on"), ("null", None), ("", None), ("a fox", "a fox"),
        ('"30"', "30"), ('["4", 0]', ["4", 0]), ('{"a": [1]}', {"a": [1]}), ("[fox:dog:0.5]", "[fox:dog:0.5]"),
        ("{red|blue}", "{red|blue}"), ('"a" b', '"a" b'), ("a=b", "a=b"), ('{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
    ],
)  # fmt: skip
def test_set_texts(text, value):
    assert set_option(f"3.x={text}") == ("3.x", value)
    assert type(typed_value(text)) is type(value)


@pytest.mark.parametrize("text", ["3.steps", "=3", ""])
def test_texts_without_a_value_are_usage_errors(text):
    with pytest.raises(UsageError):
        set_option(text)
    with pytest.raises(UsageError):
        param_option(text)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers() | st.text())


@given(
    st.dictionaries(st.text() | st.sampled_from(["3.x", "k.seed", "k."]), plain),
    st.dictionaries(st.text() | st.sampled_from(["steps", "cfg"]), plain | st.text().map(CommandLineText)),
    plain,
    st.lists(st.text()),
)
def test_never_raises(set, params, seed, targets):
    for document in (api(), named()):
        changed, found = apply(document, set=set, params=params, seed=seed, targets=targets)
        locate(found, changed.source, changed.overridden)
