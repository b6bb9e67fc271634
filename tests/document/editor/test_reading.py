"""Both forms of the file, links from either half, and what is malformed."""

import pytest

from tests.document.editor.flows import (
    BASIC,
    codes_of,
    document_of,
    finding,
    flow,
    node,
    prompt_of,
    sampler,
    save,
    text,
)

EXPECTED = {
    "4": {"ckpt_name": "base.safetensors"},
    "5": {"width": 512, "height": 512, "batch_size": 1},
    "6": {"text": "a", "clip": ["4", 1]},
    "7": {"text": "b", "clip": ["4", 1]},
    "3": {
        "seed": 1,
        "steps": 20,
        "cfg": 8,
        "sampler_name": "euler",
        "scheduler": "normal",
        "denoise": 1,
        "model": ["4", 0],
        "positive": ["6", 0],
        "negative": ["7", 0],
        "latent_image": ["5", 0],
    },
    "8": {"samples": ["3", 0], "vae": ["4", 2]},
    "9": {"filename_prefix": "out", "images": ["8", 0]},
}


@pytest.mark.parametrize("objects", [False, True])
def test_both_forms_of_links(objects):
    assert prompt_of(flow(*BASIC, objects=objects)) == EXPECTED


def test_schema_1_needs_no_counters():
    value = flow(*BASIC, objects=True, version=1, state={"lastNodeId": 9}, reroutes=[{"id": 1}], floatingLinks=[])
    assert prompt_of(value) == EXPECTED


def test_workflow_and_titles_are_kept():
    value = flow(node(5, "EmptyLatentImage", [512, 512, 1], title="Canvas"))
    document, _ = document_of(value)
    assert document.workflow == value
    assert (document.nodes["5"].title, document.nodes["5"].path) == ("Canvas", ("nodes", 0))


def test_the_input_says_where_it_comes_from_whatever_the_link_record_targets():
    value = flow(*BASIC)
    for link in value["links"]:
        link[3], link[4] = 9, 7
    assert prompt_of(value) == EXPECTED


def test_an_input_gets_back_the_link_that_it_forgot():
    value = flow(*BASIC)
    decoder = next(n for n in value["nodes"] if n["id"] == 8)
    forgotten, decoder["inputs"][1]["link"] = decoder["inputs"][1]["link"], None
    assert "vae" not in prompt_of(value)["8"]
    value["nodes"][0]["outputs"][2]["links"] = [forgotten]
    assert prompt_of(value) == EXPECTED


def test_a_link_that_the_file_does_not_have_counts_as_none():
    value = flow(*BASIC)
    value["links"] = [link for link in value["links"] if link[1] != 8]
    found = finding(value, "GX120")
    assert (found.node, found.excerpt.strip()) == ("9", '"link": 9')
    assert "images" not in document_of(value)[0].nodes["9"].inputs


def test_a_link_from_a_node_that_the_file_does_not_have_counts_as_none():
    value = flow(save(9, (8, 0, "IMAGE")))
    assert finding(value, "GX120").input == "images"
    assert "images" not in document_of(value)[0].nodes["9"].inputs


def test_a_node_that_cannot_be_read_is_reported_once():
    value = flow(*BASIC)
    next(n for n in value["nodes"] if n["id"] == 8)["type"] = None
    document, found = document_of(value)
    assert [(d.code, d.node) for d in found] == [("GX107", "8")]
    assert document.broken == {"8"}


def test_two_nodes_of_one_id():
    value = flow(node(5, "EmptyLatentImage", [512, 512, 1]), node(5, "EmptyLatentImage", [8, 8, 1]))
    assert "5" in finding(value, "GX107").message
    assert document_of(value)[0].nodes["5"].inputs["width"] == 512


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"links": {}}, ["GX108", *["GX120"] * 9]),
        ({"links": [[1, 2]]}, ["GX211", *["GX120"] * 9]),
        ({"nodes": [3]}, ["GX107"]),
        ({"nodes": [{"type": "KSampler"}]}, ["GX107"]),
        ({"nodes": [{"id": True, "type": "KSampler"}]}, ["GX107"]),
        ({"extra": []}, ["GX108"]),
        ({"definitions": 3}, ["GX108"]),
        ({"definitions": {"subgraphs": [{"id": 3}]}}, ["GX108"]),
        ({"extra": {"groupNodes": {"a": 3}}}, ["GX108"]),
        ({"extra": {"ue_links": [3, {"downstream": 3}]}, "groups": [3, {"bounding": [1]}]}, []),
    ],
)
def test_malformed_parts(change, expected):
    assert codes_of(flow(*BASIC) | change) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [("mode", "x"), ("mode", True), ("inputs", {}), ("inputs", [3]), ("outputs", 3), ("outputs", [3]),
     ("widgets_values", 3), ("widgets_values_named", []), ("properties", [])],
)  # fmt: skip
def test_malformed_fields_of_a_node(field, value):
    file = flow(node(5, "EmptyLatentImage", [512, 512, 1]))
    file["nodes"][0][field] = value
    found = [d for d in document_of(file)[1] if d.code != "GX123"]
    assert [d.code for d in found] == ["GX108"]
    assert field in found[0].message


def test_harmless_oddities():
    value = flow(*BASIC)
    for made in value["nodes"]:
        made |= {"pos": {"0": 1, "1": 2}, "size": [1], "flags": None, "order": "x", "color": 3}
        made["inputs"].append(None)
    value["nodes"].append(None)
    value["links"].append(None)
    value["nodes"][0]["outputs"] = None
    value["nodes"][1]["inputs"] = None
    assert prompt_of(value) == EXPECTED


def test_ids_may_be_texts_or_whole_floats():
    value = flow(text("enc", "a", (4.0, 1, "CLIP")), node(4, "CheckpointLoaderSimple", ["m"]))
    assert prompt_of(value)["enc"]["clip"] == ["4", 1]


def test_numbers_that_cannot_be_kept_are_errors():
    made = sampler()
    made["widgets_values"][0] = 2**64
    value = flow(*(n for n in BASIC if n["id"] != 3), made)
    found = finding(value, "GX109")
    assert (found.node, found.input, found.excerpt.strip()) == ("3", "seed", f"{2**64},")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("T2IAdapterLoader", "ControlNetLoader"),
        ("ConditioningAverage ", "ConditioningAverage"),
        ("SDV_img2vid_Conditioning", "SVD_img2vid_Conditioning"),
    ],
)
def test_renamed_types(old, new):
    assert document_of(flow(node(1, old)))[0].nodes["1"].type == new
