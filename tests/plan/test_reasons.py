"""What is said of two recipes that differ: every field of a recipe has its sentence."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphexec.plan.fingerprints import Fingerprints
from graphexec.plan.keys import Recipes, World
from graphexec.plan.reasons import differences, differing, fields, nearest, plain
from graphexec.ports import Policy

BASE = {
    "node": {
        "type": "KSamplerAdvanced",
        "version": "1",
        "numerics": {"device": "cpu", "hardware": "x86_64", "noise": "comfyui", "threads": 1, "torch": "2.12.0"},
    },
    "literals": {"steps": 20, "cfg": 7.0, "name": "a.safetensors"},
    "links": {"model": "output 0 of aa", "positive": "output 0 of bb"},
    "id": "3",
    "raw links": {"x": "1"},
    "files": {"checkpoints/a.safetensors": "d1", "input/none.png": None},
    "formats": {"checkpoints/a.safetensors": {"network": "fp32", "text": "fp32"}},
    "hidden": {"prompt": "p1", "workflow": "w1"},
    "changed": 1.5,
}
UPSTREAM = {"model": "node 4 (LoraLoader)", "positive": "node 6 (CLIPTextEncode)", "steps": "node 9 (PrimitiveInt)"}
GONE = object()


def changed(*path, to):
    """Return the recipe with one field replaced, added or removed."""

    def put(value, path):
        name, *rest = path
        new = put(value[name], rest) if rest else to
        return {**{k: v for k, v in value.items() if k != name}, **({} if new is GONE else {name: new})}

    return put(BASE, path)


def compared(now, before, upstream):
    return differences(fields(plain(now)), fields(plain(before)), upstream)


def said(now, before=BASE):
    return [d.text for d in compared(now, before, UPSTREAM)]


@pytest.mark.parametrize(
    ("path", "to", "text"),
    [
        (("literals", "steps"), 30, "steps 20 -> 30"),
        (("literals", "cfg"), 7, "cfg 7.0 -> 7"),
        (("literals", "steps"), GONE, "steps 20 -> absent"),
        (("literals", "seed"), 5, "seed absent -> 5"),
        (("literals", "name"), "b\x1b[0m", 'name "a.safetensors" -> "b\\x1b[0m"'),
        (("literals", "cfg"), {"a": 1}, "cfg 7.0 -> a mapping"),
        (("links", "model"), "output 1 of aa", "upstream node 4 (LoraLoader)"),
        (("links", "positive"), "value cc", "upstream node 6 (CLIPTextEncode)"),
        (("links", "positive"), GONE, "positive is no longer linked"),
        (("links", "steps"), "output 0 of cc", "steps 20 -> node 9 (PrimitiveInt)"),
        (("links", "other"), "output 0 of cc", "other now comes from another node"),
        (("id",), "4", 'id "3" -> "4", which the node sees'),
        (("raw links", "x"), "2", "x is linked to another node"),
        (("files", "checkpoints/a.safetensors"), "d2", "checkpoints/a.safetensors changed on disk"),
        (("files", "checkpoints/a.safetensors"), None, "checkpoints/a.safetensors is missing"),
        (("files", "input/none.png"), "d3", "input/none.png was missing"),
        (
            ("formats", "checkpoints/a.safetensors", "network"),
            "bf16",
            "numeric policy fp32 -> bf16 (network of checkpoints/a.safetensors)",
        ),
        (("hidden", "prompt"), "p2", "the prompt, which the node sees, is another"),
        (("hidden", "workflow"), "w2", "the workflow, which the node sees, is another"),
        (("changed",), 2.5, "IS_CHANGED returned 1.5 -> 2.5"),
        (("node", "version"), "2", "KSamplerAdvanced version 1 -> 2"),
        (("node", "version"), "ab" * 32, "the code of KSamplerAdvanced changed"),
        (("node", "numerics", "torch"), "2.13.0", "torch 2.12.0 -> 2.13.0"),
        (("node", "numerics", "device"), "cuda", "numeric policy: device cpu -> cuda"),
        (("node", "numerics", "threads"), 2, "numeric policy: threads 1 -> 2"),
        (("continuation",), "exact", 'continuation absent -> "exact"'),
    ],
)
def test_one_field(path, to, text):
    assert said(changed(*path, to=to)) == [text]


def test_equal_recipes_have_no_difference():
    assert said(BASE) == [] and said({**BASE, "literals": dict(reversed(BASE["literals"].items()))}) == []


def test_a_difference_has_its_field_and_both_values():
    (found,) = compared(changed("literals", "steps", to=30), BASE, {})
    assert (found.field, found.before, found.now) == ("literals.steps", 20, 30)


def test_another_file_is_said_once_by_its_name():
    now = changed("literals", "name", to="b.safetensors") | {
        "files": {"checkpoints/b.safetensors": "d9"},
        "formats": {"checkpoints/b.safetensors": {"network": "bf16"}},
    }
    assert said(now) == ['name "a.safetensors" -> "b.safetensors"']


def test_a_literal_in_place_of_a_link_is_said_once():
    now = {**changed("links", "model", to=GONE), "literals": {**BASE["literals"], "model": 3}}
    assert said(now) == ["model a link -> 3"]


def test_one_upstream_node_is_said_once():
    now = {**BASE, "links": {"model": "output 0 of zz", "clip": "output 1 of zz", "positive": "output 0 of bb"}}
    before = {**BASE, "links": {"model": "output 0 of yy", "clip": "output 1 of yy", "positive": "output 0 of bb"}}
    found = compared(now, before, {"model": "node 1 (Loader)", "clip": "node 1 (Loader)"})
    assert [d.text for d in found] == ["upstream node 1 (Loader)"]


def test_every_field_that_makes_a_key_makes_a_difference():
    """A field that recipes get later must not be lost: numerics by the policy's own fields."""
    other = Policy("mps", "M9", noise="x", threads=3, torch="9")
    recipes = [Recipes(World(policy, None, Fingerprints())) for policy in (Policy(threads=1), other)]
    one, two = (made._numerics for made in recipes)
    assert len(said({"node": {"numerics": one}}, {"node": {"numerics": two}})) == len(one)


values = st.recursive(st.integers() | st.text() | st.none() | st.booleans() | st.floats(allow_nan=False),
                     lambda inner: st.lists(inner, max_size=2), max_leaves=3)  # fmt: skip
recipe = st.fixed_dictionaries(
    {"node": st.dictionaries(st.text(), values, max_size=2), "literals": st.dictionaries(st.text(), values, max_size=3)}
)


@given(recipe, recipe)
def test_recipes_differ_if_and_only_if_a_field_does(a, b):
    assert differing(fields(a), fields(a)) == []
    same = json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    assert (differing(fields(a), fields(b)) == []) == same


def test_the_nearest_differs_in_the_fewest_fields_and_is_the_latest_of_these():
    far = changed("literals", "steps", to=1) | {"id": "9"}
    first, second = changed("literals", "steps", to=2), changed("literals", "cfg", to=2.0)
    assert nearest(fields(BASE), [fields(one) for one in (far, first, second)]) == 1
    assert nearest(fields(BASE), []) is None
