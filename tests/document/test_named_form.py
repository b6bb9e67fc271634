"""graphexec's own form: links by name, marked values, parameters, targets, and what is wrong with a file."""

import json

import pytest

from graphexec.document.model import Link, Parameter, ParameterRef, Target, Unreadable
from tests.document.reading import codes_of, pointed, read_text

FLOW = """\
graphexec: 1
name: two-stage
description: |
  Two stages.
parameters:
  prompt: {type: STRING, default: "a red circle", description: What to draw.}
  steps: {type: INT, default: 20, min: 1, max: 100}
  cfg: {type: FLOAT, default: 8}
  sampler: {type: STRING, choices: [euler, heun]}
nodes:
  base:
    type: CheckpointLoaderSimple
    title: The model
    inputs:
      ckpt_name: tiny.safetensors
  "57:41":
    type: CLIPTextEncode
    inputs: {text: {param: prompt}, clip: base.CLIP}
  a.b:
    type: X
    inputs:
      by_index: base.1
      of_dotted: a.b.OUT
      of_api_id: 57:41.CONDITIONING
      forced: {link: gone.OUT}
      text: {value: base.CLIP}
      plain: nobase.CLIP
      file: base.
      list: [1, 2.5, [x]]
      mapping: {a: {param: prompt}}
      nothing:
      flag: on
  base.b: {type: Y}
targets: [base, "57:41", "57:41:0", a.b:OUT]
"""


def test_a_whole_file():
    document, found = read_text(FLOW, "yaml")
    assert found == []
    assert (document.name, document.description) == ("two-stage", "Two stages.\n")
    assert {n.id: (n.type, n.title, n.path) for n in document.nodes.values()} == {
        "base": ("CheckpointLoaderSimple", "The model", ("nodes", "base")),
        "57:41": ("CLIPTextEncode", None, ("nodes", "57:41")),
        "a.b": ("X", None, ("nodes", "a.b")),
        "base.b": ("Y", None, ("nodes", "base.b")),
    }
    assert dict(document.nodes["base"].inputs) == {"ckpt_name": "tiny.safetensors"}
    assert dict(document.nodes["57:41"].inputs) == {"text": ParameterRef("prompt"), "clip": Link("base", "CLIP")}
    assert dict(document.nodes["a.b"].inputs) == {
        "by_index": Link("base", 1),
        "of_dotted": Link("a.b", "OUT"),
        "of_api_id": Link("57:41", "CONDITIONING"),
        "forced": Link("gone", "OUT"),
        "text": "base.CLIP",
        "plain": "nobase.CLIP",
        "file": "base.",
        "list": [1, 2.5, ["x"]],
        "mapping": {"a": {"param": "prompt"}},
        "nothing": None,
        "flag": "on",
    }
    assert dict(document.parameters) == {
        "prompt": Parameter("prompt", "STRING", "a red circle", ("parameters", "prompt"), description="What to draw."),
        "steps": Parameter("steps", "INT", 20, ("parameters", "steps"), min=1, max=100),
        "cfg": Parameter("cfg", "FLOAT", 8.0, ("parameters", "cfg")),
        "sampler": Parameter("sampler", "STRING", None, ("parameters", "sampler"), True, choices=("euler", "heun")),
    }
    assert isinstance(document.parameters["cfg"].default, float)
    assert document.targets == (
        Target("base", None, ("targets", 0)),
        Target("57:41", None, ("targets", 1)),
        Target("57:41", 0, ("targets", 2)),
        Target("a.b", "OUT", ("targets", 3)),
    )


def test_the_form_in_json_is_the_same_form():
    document, found = read_text(json.dumps({"graphexec": 1, "nodes": {"a": {"type": "X", "inputs": {"x": "a.0"}}}}))
    assert found == []
    assert dict(document.nodes["a"].inputs) == {"x": Link("a", 0)}


HEAD = "graphexec: 1\nnodes:\n  base: {type: X}\n  two:\n    type: X\n    inputs:\n      a: "


@pytest.mark.parametrize(
    ("value", "code", "where"),
    [
        ("{link: base}", "GX211", "base"),
        ("{link: 3}", "GX108", "3"),
        ("{param: [x]}", "GX108", "[x]"),
        ("{link: base.X, y: 1}", "GX108", "link"),
        ("{value: 1, param: x}", "GX108", "value"),
        ("{__value__: [1]}", "GX108", "__value__"),
        ('["base", 1]', "GX211", '["base", 1]'),
        (".nan", "GX109", ".nan"),
        ("{value: [1, 18446744073709551616]}", "GX109", "18446744073709551616"),
        ("[1, -.inf]", "GX109", "-.inf"),
    ],
)
def test_malformed_values(value, code, where):
    document, found = read_text(HEAD + value, "yaml")
    assert [(d.code, d.node, d.input) for d in found] == [(code, "two", "a")]
    assert pointed(HEAD + value, found[0]) == where
    assert document.nodes["two"].inputs["a"] == Unreadable()


@pytest.mark.parametrize(
    ("text", "code", "where", "words"),
    [
        ("nodes: {a: {type: X}}", "GX108", "n", "graphexec: 1"),
        ("graphexec: 2\nnodes: {a: {type: X}}", "GX108", "2", "version"),
        ("graphexec: true\nnodes: {a: {type: X}}", "GX108", "true", "version"),
        ("graphexec: 1", "GX108", "g", 'no "nodes"'),
        ("graphexec: 1\nnodes:", "GX108", "nodes", "a mapping, not null"),
        ("graphexec: 1\nnodes: {}", "GX108", "{}", "empty"),
        ("graphexec: 1\nnodes: {a: {type: X}}\ntarget: [a]", "GX108", "target", '"targets"'),
        ("graphexec: 1\nnodes: {a: {type: X}}\ntargets: []", "GX108", "[]", "empty"),
        ("graphexec: 1\nnodes: {a: {type: X}}\ntargets: [3]", "GX108", "3", "entry 0"),
        ("graphexec: 1\nnodes: {a: {type: X}}\ntargets: [b]", "GX209", "b", '"a"'),
        ("graphexec: 1\nnodes: {a: {type: X}}\nname: 3", "GX108", "3", "a text, not an integer"),
        ("graphexec: 1\nnodes: {a: {class_type: X, type: X}}", "GX107", "class_type", '"type"'),
        ("graphexec: 1\nnodes: {a: {type: X, ckpt_name: y}}", "GX107", "ckpt_name", 'under "inputs"'),
        ("graphexec: 1\nnodes: {a: {inputs: {}}}", "GX107", "a", 'no "type"'),
        ("graphexec: 1\nnodes: {a: {type: }}", "GX107", "type", "not null"),
        ('graphexec: 1\nnodes: {a: {type: ""}}', "GX107", '""', "empty"),
        ("graphexec: 1\nnodes: {a: {type: X, inputs: [1]}}", "GX107", "[1]", "a mapping, not a list"),
        ("graphexec: 1\nnodes: {a: X}", "GX107", "X", "a mapping, not a text"),
        ('graphexec: 1\nnodes: {"a ": {type: X}}', "GX107", '"a "', "name of a node"),
        ('graphexec: 1\nnodes: {"a=b": {type: X}}', "GX107", '"a=b"', "name of a node"),
    ],
)
def test_malformed_files(text, code, where, words):
    found = read_text(text, "yaml")[1]
    assert codes_of(found) == [code]
    assert pointed(text, found[0]) == where
    assert words in f"{found[0].message} {found[0].hint}"


@pytest.mark.parametrize(
    ("declaration", "where", "words"),
    [
        ("{default: 1}", "p", 'no "type"'),
        ("{type: INTEGER}", "INTEGER", "did you mean INT?"),
        ("{type: INT, default: 8.9}", "8.9", "INT takes an integer, not 8.9"),
        ("{type: INT, default: 8.0}", "8.0", "INT takes an integer"),
        ("{type: INT, default: true}", "true", "not true"),
        ('{type: BOOLEAN, default: "false"}', '"false"', "true or false"),
        ("{type: BOOLEAN, default: on}", "on", "true or false"),
        ("{type: BOOLEAN, default: 0}", "0", "true or false"),
        ("{type: STRING, default: 3}", "3", "a text, not 3"),
        ("{type: INT, default: null}", "null", "not null"),
        ("{type: FLOAT, default: .inf}", ".inf", "infinite"),
        ("{type: INT, default: 18446744073709551616}", "18446744073709551616", "out of range"),
        ("{type: INT, default: 0, min: 1}", "0", "below the minimum, 1"),
        ("{type: INT, default: 9, max: 8}", "9", "above the maximum, 8"),
        ("{type: INT, min: 3, max: 1}", "3", "minimum is above"),
        ("{type: INT, min: 0.5}", "0.5", "INT takes an integer"),
        ("{type: STRING, min: 1}", "1", 'no "min"'),
        ("{type: STRING, default: hun, choices: [euler, heun]}", "hun", "did you mean heun?"),
        ("{type: STRING, choices: [euler, 3]}", "3", "a text, not 3"),
        ("{type: INT, default: 1, choices: []}", "[]", "empty"),
        ("{type: INT, defualt: 1}", "defualt", '"default"'),
        ("3", "3", "a mapping"),
    ],
)
def test_malformed_parameters(declaration, where, words):
    text = f"graphexec: 1\nparameters:\n  p: {declaration}\nnodes: {{a: {{type: X, inputs: {{x: {{param: p}}}}}}}}"
    document, found = read_text(text, "yaml")
    assert codes_of(found) == ["GX108"]
    assert pointed(text, found[0]) == where
    assert words in f"{found[0].message} {found[0].hint}"
    assert "p" in document.parameters


def test_a_parameters_name():
    text = "graphexec: 1\nparameters: {1x: {type: INT}}\nnodes: {a: {type: X}}"
    found = read_text(text, "yaml")[1]
    assert [(d.code, pointed(text, d)) for d in found] == [("GX108", "1x")]


def test_all_findings_come_at_once_and_the_rest_is_read():
    text = """\
graphexec: 1
nam: x
nodes:
  a: {typ: X}
  b: {type: X, inputs: {x: a.OUT, y: .inf, y: 1}}
targets: [a, c]
"""
    document, found = read_text(text, "yaml")
    expected = [("GX103", 5), ("GX107", 4), ("GX107", 4), ("GX108", 2), ("GX209", 6)]
    assert sorted((d.code, d.span.line) for d in found) == expected
    assert document.broken == {"a"}
    assert dict(document.nodes["b"].inputs) == {"x": Link("a", "OUT"), "y": 1}
    assert [target.node for target in document.targets] == ["a"]
