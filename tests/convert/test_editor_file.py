"""The editor's file: complete, consistent in both halves, and laid out so that it can be read."""

import pytest
from hypothesis import HealthCheck, given, settings

from graphexec.convert.editor_file import editor_file
from graphexec.convert.editor_values import widget_values
from graphexec.document.load import read
from graphexec.document.model import Document, Link, NodeDecl, ParameterRef, Source, Target, Unreadable
from graphexec.document.writers import NotExpressible
from tests.convert.generated import documents
from tests.document.editor.flows import REGISTRY

TITLE_BAR = 30


def document(targets=(), **nodes):
    return Document(
        Source("test", "", "json"),
        {id: NodeDecl(id, type, inputs, (id,)) for id, (type, inputs) in nodes.items()},
        targets,
    )


def nodes_of(value):
    return {node["id"]: node for node in value["nodes"]}


def overlapping(nodes):
    boxes = [(*n["pos"], n["pos"][0] + n["size"][0], n["pos"][1] + n["size"][1]) for n in nodes]
    return [
        (a, b)
        for i, a in enumerate(boxes)
        for b in boxes[:i]
        if a[0] < b[2] and b[0] < a[2] and a[1] - TITLE_BAR < b[3] and b[1] - TITLE_BAR < a[3]
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents())
def test_both_halves_of_every_link_agree(drawn):
    value = editor_file(drawn, REGISTRY)
    nodes = nodes_of(value)
    assert value["version"] == 0.4
    assert value["last_node_id"] == max(nodes) and len(nodes) == len(value["nodes"]) == len(drawn.nodes)
    assert [link[0] for link in value["links"]] == list(range(1, value["last_link_id"] + 1))
    for number, origin, slot, target, place, kind in value["links"]:
        output, socket = nodes[origin]["outputs"][slot], nodes[target]["inputs"][place]
        assert number in output["links"] and socket["link"] == number
        assert output["type"] == kind
    listed = [link for node in nodes.values() for output in node["outputs"] for link in output["links"] or ()]
    taken = [socket["link"] for node in nodes.values() for socket in node["inputs"] if socket["link"] is not None]
    assert sorted(listed) == sorted(taken) == [link[0] for link in value["links"]]
    assert sorted(node["order"] for node in nodes.values()) == list(range(len(nodes)))
    assert overlapping(value["nodes"]) == []
    for left, right in ((nodes[link[1]], nodes[link[3]]) for link in value["links"]):
        assert left["pos"][0] + left["size"][0] < right["pos"][0], "data flows from left to right"


def test_widget_values_stand_where_the_editor_expects_them():
    value = editor_file(
        document(
            a=("LoadImageMask", {"image": "x.png", "channel": "alpha"}),
            b=("KSampler", {"seed": 5, "steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": "normal",
                            "denoise": 0.5}),
        ),
        REGISTRY,
    )  # fmt: skip
    assert [node["widgets_values"] for node in value["nodes"]] == [
        ["x.png", "alpha", "image"],
        [5, "fixed", 20, 8.0, "euler", "normal", 0.5],
    ]
    assert [slot["name"] for slot in value["nodes"][1]["inputs"]] == [
        "model", "positive", "negative", "latent_image",
        "seed", "steps", "cfg", "sampler_name", "scheduler", "denoise",
    ]  # fmt: skip
    assert value["nodes"][1]["inputs"][4] == {"name": "seed", "type": "INT", "widget": {"name": "seed"}, "link": None}


def test_a_linked_widget_keeps_its_place():
    value = editor_file(
        document(
            a=("PrimitiveString", {"value": "words"}), b=("CLIPTextEncode", {"text": Link("a", 0)}),
        ),
        REGISTRY,
    )  # fmt: skip
    text = value["nodes"][1]
    assert text["widgets_values"] == [""]
    assert {slot["name"]: slot["link"] for slot in text["inputs"]} == {"clip": None, "text": 1}


def test_an_unknown_type_keeps_values_by_name():
    flow = document(a=("Nobody's", {"x": 1, "y": [1, 2], "seed": 3}), b=("SaveImage", {"images": Link("a", 2)}))
    value = editor_file(flow, REGISTRY)
    made = value["nodes"][0]
    assert made["widgets_values"] == [1, [1, 2], 3]
    assert made["widgets_values_named"] == {"x": 1, "y": [1, 2], "seed": 3}
    assert [output["type"] for output in made["outputs"]] == ["*", "*", "IMAGE"]


def test_ids_that_are_numbers_stay():
    value = editor_file(
        document(**{"7": ("KSampler", {}), "base": ("KSampler", {}), "57:4": ("KSampler", {})}), REGISTRY
    )
    assert [node["id"] for node in value["nodes"]] == [7, 8, 9]


def test_names_and_targets_are_read_back():
    flow = document([Target("base", 1)], base=("CheckpointLoaderSimple", {"ckpt_name": "a"}))
    back, found = read_back(editor_file(flow, REGISTRY))
    assert list(back.nodes) == ["base"] and found == []
    assert [(t.node, t.output) for t in back.targets] == [("base", 1)]


def test_a_copy_of_a_node_is_not_the_node():
    value = editor_file(document(base=("CheckpointLoaderSimple", {"ckpt_name": "a"})), REGISTRY)
    value["nodes"].append({**value["nodes"][0], "id": 2})
    assert sorted(read_back(value)[0].nodes) == ["1", "2"]


def test_a_default_that_the_user_changes_in_the_editor_counts():
    flow = document(a=("VAEDecodeTiled", {"tile_size": 512, "overlap": 64}))
    value = editor_file(flow, REGISTRY)
    assert "temporal_size" not in read_back(value)[0].nodes["a"].inputs
    place = [slot["name"] for slot in value["nodes"][0]["inputs"] if "widget" in slot].index("temporal_size")
    value["nodes"][0]["widgets_values"][place] = 8
    assert read_back(value)[0].nodes["a"].inputs["temporal_size"] == 8


def test_wrong_targets_are_findings():
    value = editor_file(document(a=("CheckpointLoaderSimple", {"ckpt_name": "a"})), REGISTRY)
    value["extra"]["graphexec"] = {"targets": ["gone", 4]}
    assert [finding.code for finding in read_back(value)[1]] == ["GX209", "GX209"]


def test_comments_and_alternatives_are_escaped():
    spec = REGISTRY.get("CLIPTextEncode")
    assert widget_values(spec, {"text": "{a|b} // c /* d"}, frozenset()).listed == (r"\{a|b\} {/}/ c {/}* d",)


def read_back(value):
    import json

    return read(Source("flow.json", json.dumps(value), "json"), REGISTRY)


@pytest.mark.parametrize("value", [ParameterRef("x"), Unreadable(), Link("gone", 0), Link("b", "no such output")])
def test_what_the_editor_has_no_notation_for(value):
    flow = document(a=("CLIPTextEncode", {"text": value}), b=("Foreign", {}))
    with pytest.raises(NotExpressible, match=r"a\.text"):
        editor_file(flow, REGISTRY)
