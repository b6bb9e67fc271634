"""Comparisons by meaning: ids and order are nothing, everything else is told where it is."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphexec.compare.changes import ABSENT, compare
from graphexec.compare.text import as_json, lines
from graphexec.document.model import Document, Link, NodeDecl, Source
from graphexec.graph.outline import outline
from tests.convert.generated import documents
from tests.document.editor.flows import REGISTRY


def flow(**nodes):
    made = {}
    for id, (type, inputs) in nodes.items():
        values = {name: Link(*value) if isinstance(value, tuple) else value for name, value in inputs.items()}
        made[id] = NodeDecl(id, type, values, (id,))
    return outline(Document(Source("test", "", "json"), made), REGISTRY)


def text(words, clip="base"):
    return ("CLIPTextEncode", {"text": words, "clip": (clip, 1)})


BASE = ("CheckpointLoaderSimple", {"ckpt_name": "a.ckpt"})


def sampler(**inputs):
    wired = {"model": ("base", 0), "positive": ("p", 0), "negative": ("n", 0), "latent_image": ("size", 0)}
    plain = {"seed": 1, "steps": 20, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    return ("KSampler", {**plain, **wired, **inputs})


NODES = {
    "base": BASE,
    "p": text("a fox"),
    "n": text("blurry"),
    "size": ("EmptyLatentImage", {"width": 64, "height": 64, "batch_size": 1}),
    "s": sampler(),
    "d": ("VAEDecode", {"samples": ("s", 0), "vae": ("base", 2)}),
    "out": ("SaveImage", {"images": ("d", 0), "filename_prefix": "x"}),
}


def changes(found):
    return {
        (change.old_id, change.new_id): {item.name: (item.old, item.new) for item in change.inputs}
        for change in found.changed
    }


def test_equal():
    found = compare(flow(**NODES), flow(**NODES))
    assert found.equal and list(lines(found)) == [] and found.again == ()


def test_one_literal():
    found = compare(flow(**NODES), flow(**{**NODES, "s": sampler(steps=30)}))
    assert changes(found) == {("s", "s"): {"steps": (20, 30)}}
    assert found.again == ("s", "d", "out") and found.needed == 7
    assert list(lines(found)) == [
        "~ node s (KSampler)",
        "~     steps: 20 -> 30",
        "runs again: s, d, out (3 of 7 nodes)",
    ]


def test_an_inserted_node_and_the_links_around_it():
    lora = ("LoraLoaderModelOnly", {"model": ("base", 0), "lora_name": "l", "strength_model": 1.0})
    found = compare(flow(**NODES), flow(**{**NODES, "lora": lora, "s": sampler(model=("lora", 0))}))
    assert found.added == ("lora",) and found.removed == ()
    assert changes(found) == {("s", "s"): {"model": (Link("base", 0), Link("lora", 0))}}
    assert list(lines(found))[:3] == [
        "+ node lora (LoraLoaderModelOnly)",
        '+     lora_name: "l"',
        "+     strength_model: 1.0",
    ]
    assert "~     model: base.MODEL -> lora.MODEL" in list(lines(found))


def test_an_input_that_comes_and_goes():
    more = {**NODES, "d": ("VAEDecodeTiled", {"samples": ("s", 0), "vae": ("base", 2), "tile_size": 64})}
    found = compare(flow(**NODES), flow(**more))
    assert changes(found) == {("d", "d"): {"tile_size": (ABSENT, 64)}}
    assert '~     type: "VAEDecode" -> "VAEDecodeTiled"' in list(lines(found))
    assert as_json(found)["changed"][0]["inputs"] == [{"name": "tile_size", "new": 64}]


def test_exchanged_ids_are_no_change_and_exchanged_texts_are():
    renamed = {**NODES, "p": text("blurry"), "n": text("a fox"), "s": sampler(positive=("n", 0), negative=("p", 0))}
    assert compare(flow(**NODES), flow(**renamed)).equal
    rewired = {**NODES, "s": sampler(positive=("n", 0), negative=("p", 0))}
    found = compare(flow(**NODES), flow(**rewired))
    assert changes(found) == {
        ("s", "s"): {"positive": (Link("p", 0), Link("n", 0)), "negative": (Link("n", 0), Link("p", 0))}
    }
    assert found.again == ("s", "d", "out")


def test_renamed_and_changed_at_once():
    names = {id: f"x{k}" for k, id in enumerate(NODES)}
    other = {
        names[id]: (type, {k: (names[v[0]], v[1]) if isinstance(v, tuple) else v for k, v in inputs.items()})
        for id, (type, inputs) in {**NODES, "s": sampler(cfg=3.5)}.items()
    }
    found = compare(flow(**NODES), flow(**other))
    assert changes(found) == {("s", names["s"]): {"cfg": (7.0, 3.5)}}
    assert next(iter(lines(found))) == f"~ node {names['s']} (KSampler), was node s"


def test_twins_are_paired_along_their_links():
    def two(first, second, **more):
        return flow(
            **{first: ("EmptyLatentImage", {"width": 8}), second: ("EmptyLatentImage", {"width": 8})},
            u=("LatentFlip", {"samples": (first, 0)}), v=("LatentFlip", {"samples": (second, 0)}), **more,
        )  # fmt: skip

    other = ("PrimitiveInt", {"value": 1})
    found = compare(two("a", "b"), two("b", "a", z=other))
    assert found.added == ("z",) and found.changed == ()


def test_long_texts_show_where_they_differ():
    one, other = "word " * 60 + "cat", "word " * 60 + "dog"
    shown = [
        line for line in lines(compare(flow(base=BASE, p=text(one)), flow(base=BASE, p=text(other)))) if "text" in line
    ]
    assert shown == ['~     text: "…rd word word word cat" -> "…rd word word word dog"']


def test_hostile_texts_are_shown_safely():
    found = compare(flow(base=BASE, p=text("a")), flow(base=BASE, p=text("\x1b[31m")))
    assert all("\x1b" not in line for line in lines(found))


def test_keys_tell_what_runs_again():
    a, b = flow(**NODES), flow(**{**NODES, "s": sampler(steps=30)})
    keys = {id: id for id in NODES}
    assert compare(a, b, (keys, {**keys, "out": "other"})).again == ("out",)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents(), st.randoms(use_true_random=False))
def test_renaming_and_reordering_is_no_difference(drawn, rng):
    names = dict(zip(drawn.nodes, rng.sample([f"n{k}" for k in range(50)], len(drawn.nodes))))
    nodes = [
        NodeDecl(
            names[id], decl.type,
            {k: Link(names[v.node], v.output) if isinstance(v, Link) else v for k, v in decl.inputs.items()}, (id,),
        )
        for id, decl in drawn.nodes.items()
    ]  # fmt: skip
    random.Random(rng.random()).shuffle(nodes)
    other = drawn.with_nodes({node.id: node for node in nodes})
    assert compare(outline(drawn, REGISTRY), outline(other, REGISTRY)).equal


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents(), documents())
def test_equal_means_equal_digests(one, other):
    a, b = outline(one, REGISTRY), outline(other, REGISTRY)
    found = compare(a, b)
    assert found.equal == (a.digest == b.digest)
    assert len(found.added) + len(found.matching.new) == len(b.nodes)
    assert len(found.removed) + len(found.matching.old) == len(a.nodes)
    list(lines(found))
