"""Writers: what is written is read back as the same Document."""

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.document.load import read
from graphexec.document.model import Document, Link, NodeDecl, Parameter, ParameterRef, Source, Target, Unreadable
from graphexec.document.writers import NotExpressible, api_prompt, api_text, yaml_text

SOURCE = Source("flow", "", "json")
PAIRS = Path(__file__).parents[3] / "shared" / "reference" / "pairs"

FLOW = """\
graphexec: 1
name: two-stage
description: |
  Two lines,
    one indented.
parameters:
  prompt:
    type: STRING
    default: a red circle
    description: "What to draw: anything"
  sampler:
    type: STRING
    choices: ["euler", "heun"]
  steps:
    type: INT
    default: 20
    min: 1
    max: 100
nodes:
  base:
    type: CheckpointLoaderSimple
    title: "on"
    inputs:
      ckpt_name: tiny.safetensors
  "57":
    type: KSampler
    inputs:
      model: base.MODEL
      positive: base.1
      latent: {link: gone.LATENT}
      text: {param: prompt}
      quoted: "1e-3"
      float: 8.0
      small: 1e-05
      seed: 18446744073709551615
      flag: true
      nothing: null
      literal: {value: base.MODEL}
      list: {value: [1, "a", {"b": 2.5}]}
      mapping: {"a": 1, "b": "x"}
      lines: |-
        one

        two
      odd: "a\\tb \\u0085"
targets:
  - base
  - "57:LATENT"
"""


def test_canonical_yaml_is_a_fixed_point():
    document, found = read(Source("flow", FLOW, "yaml"))
    assert found == []
    assert yaml_text(document) == FLOW.replace('"57:LATENT"', '"57:LATENT"')


letters = st.characters(exclude_categories=["Cs"])
texts = st.text(letters, max_size=6) | st.sampled_from(
    ["on", "null", "1e-3", "a\nb", "x: y", "a.0", "b.OUT", "- a", "# b"]
)
texts |= st.text(alphabet="ab.\n :#-\"'{}[]\t\\|>&*!%@`é\u2028", max_size=8)
ids = st.sampled_from(["a", "b", "a.b", "57:41", "on", "3", "x y"])
literals = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
parameters = st.builds(
    lambda name, default, description: Parameter(
        name, "STRING", default, ("parameters", name), default is None, description=description
    ),
    st.sampled_from(["p", "on", "null"]),
    st.none() | texts,
    st.none() | texts,
)
names = texts.filter(lambda name: name not in ("", "<<"))


def documents(links, references):
    nodes = st.dictionaries(
        ids,
        st.tuples(
            texts.filter(bool), st.none() | texts, st.dictionaries(names, literals | links | references, max_size=4)
        ),
        min_size=1,
    )
    return nodes.map(
        lambda made: Document(
            SOURCE,
            MappingProxyType(
                {
                    i: NodeDecl(i, kind, MappingProxyType(given), ("nodes", i), title)
                    for i, (kind, title, given) in made.items()
                }
            ),
        )
    )


by_index = st.builds(Link, ids, st.integers(0, 12))
by_name = st.builds(Link, ids, st.sampled_from(["OUT", "MODEL", "an output"]))


def essence(document):
    """What a Document says, apart from where it came from. Values by repr: 1, 1.0 and True differ."""
    nodes = {n.id: (n.type, n.title, {k: repr(v) for k, v in n.inputs.items()}) for n in document.nodes.values()}
    targets = [(target.node, target.output) for target in document.targets]
    return list(nodes.items()), targets, dict(document.parameters), document.name, document.description


@given(
    documents(by_index | by_name, st.just(ParameterRef("p"))),
    st.lists(parameters, max_size=2),
    st.none() | texts,
    st.data(),
)
def test_yaml_round_trip(document, declared, name, data):
    targets = data.draw(
        st.lists(st.builds(Target, st.sampled_from(list(document.nodes)), st.none() | st.sampled_from([0, 3, "OUT"])))
    )
    document = replace(document, parameters={p.name: p for p in declared}, name=name, targets=tuple(targets))
    try:
        text = yaml_text(document)
    except NotExpressible:
        assert {"a", "a.b"} <= {n for node in document.nodes.values() for n in [node.id, *linked_to(node)]}
        return
    again, found = read(Source("flow", text, "yaml"))
    assert found == []
    assert essence(again) == essence(document)
    assert yaml_text(again) == text


def linked_to(node):
    return [value.node for value in node.inputs.values() if isinstance(value, Link)]


@given(documents(by_index, st.nothing()))
def test_api_round_trip(document):
    text = api_text(document)
    again, found = read(Source("flow", text, "json"))
    assert found == []
    assert essence(again) == essence(document)
    assert api_text(again) == text


def test_links_survive_dots_and_colons_in_ids():
    nodes = {i: NodeDecl(i, "X", {}, ("nodes", i)) for i in ("a", "57:41", "5.0.0.1")}
    nodes["z"] = NodeDecl("z", "X", {f"in{n}": Link(i, n) for n, i in enumerate(nodes)}, ("nodes", "z"))
    document = Document(SOURCE, nodes, (Target("57:41", 1), Target("57:41")))
    again, found = read(Source("flow", yaml_text(document), "yaml"))
    assert found == []
    assert essence(again) == essence(document)


@pytest.mark.parametrize(
    ("value", "yaml", "api"),
    [
        (Unreadable(), False, False),
        (ParameterRef("p"), True, False),
        (Link("a", "OUT"), True, False),
        (Link("a", "0"), False, False),
        (Link("gone", "x.y"), False, False),
    ],
)
def test_what_has_no_notation(value, yaml, api):
    document = Document(SOURCE, {"a": NodeDecl("a", "X", {"x": value}, ("a",))})
    for write, possible in ((yaml_text, yaml), (api_prompt, api)):
        if possible:
            write(document)
        else:
            with pytest.raises(NotExpressible):
                write(document)


@pytest.mark.skipif(not PAIRS.is_dir(), reason="the reference pairs are not beside the repository")
def test_the_reference_prompts_survive_yaml():
    files = sorted(PAIRS.glob("*.api.json"))
    assert files
    for file in files:
        raw = json.loads(file.read_text(encoding="utf-8"))
        for node in raw.values():
            node.pop("is_changed", None)
        document, found = read(Source(file.name, file.read_text(encoding="utf-8"), "json"))
        assert found == []
        assert api_prompt(document) == raw
        again, found = read(Source(file.name, yaml_text(document), "yaml"))
        assert found == []
        assert essence(again) == essence(document)
