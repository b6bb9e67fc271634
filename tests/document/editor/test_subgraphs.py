"""Subgraph instances become their inner nodes."""

import pytest

from tests.document.editor.flows import (
    CHECKPOINT,
    LATENT,
    codes_of,
    decode,
    document_of,
    finding,
    flow,
    graph,
    node,
    prompt_of,
    sampler,
    save,
    subgraph,
    text,
)

ENCODER = subgraph(
    "enc",
    text(1, "inner words", (-10, 0, "CLIP")),
    inputs=[("clip", "CLIP")],
    outputs=[(1, 0)],
)
PROMPTED = subgraph(
    "prompted",
    node(
        1,
        "CLIPTextEncode",
        ["inner words"],
        links={"clip": (-10, 1, "CLIP"), "text": (-10, 0, "STRING")},
        converted=("text",),
    ),
    inputs=[("text", "STRING"), ("clip", "CLIP")],
    outputs=[(1, 0)],
)


def instance(id, definition, widgets=None, outputs=("*",), **fields):
    return node(id, definition, widgets, outputs=list(outputs), **fields)


def prompted(id, widgets=None, **fields):
    made = instance(id, "prompted", widgets, links={"text": None, "clip": (4, 1)}, converted=("text",), **fields)
    made["inputs"][0]["type"] = "STRING"
    return made


def test_inner_nodes_get_path_ids_and_both_borders_are_crossed():
    value = flow(
        CHECKPOINT,
        instance(57, "enc", links={"clip": (4, 1)}),
        sampler(positive=(57, 0), negative=(57, 0), latent_image=None),
        definitions=[ENCODER],
    )
    prompt = prompt_of(value)
    assert prompt.keys() == {"4", "57:1", "3"}
    assert prompt["57:1"] == {"text": "inner words", "clip": ["4", 1]}
    assert prompt["3"]["positive"] == prompt["3"]["negative"] == ["57:1", 0]


def test_two_instances_of_one_definition():
    value = flow(
        CHECKPOINT,
        *(instance(id, "enc", links={"clip": (4, 1)}) for id in (1, 2)),
        definitions=[ENCODER],
    )
    assert prompt_of(value).keys() == {"4", "1:1", "2:1"}


def test_inner_nodes_point_into_the_definition():
    value = flow(instance(57, "enc"), definitions=[ENCODER])
    assert document_of(value)[0].nodes["57:1"].path == ("definitions", "subgraphs", 0, "nodes", 0)


def test_inputs_are_matched_by_name():
    made = prompted(2)
    made["inputs"].reverse()
    assert prompt_of(flow(CHECKPOINT, made, definitions=[PROMPTED]))["2:1"]["clip"] == ["4", 1]


def test_inputs_of_other_names_are_matched_by_place():
    made = instance(57, "enc", links={"renamed": (4, 1)})
    assert prompt_of(flow(CHECKPOINT, made, definitions=[ENCODER]))["57:1"]["clip"] == ["4", 1]


def test_nested():
    outer = subgraph(
        "outer",
        instance(7, "enc", links={"clip": (-10, 0, "CLIP")}),
        node(8, "ConditioningCombine", links={"conditioning_1": (7, 0), "conditioning_2": (7, 0)}),
        inputs=[("clip", "CLIP")],
        outputs=[(8, 0), (7, 0)],
    )
    value = flow(
        CHECKPOINT,
        instance(5, "outer", links={"clip": (4, 1)}, outputs=["*", "*"]),
        sampler(positive=(5, 0), negative=(5, 1), latent_image=None),
        definitions=[outer, ENCODER],
    )
    prompt = prompt_of(value)
    assert prompt["5:7:1"]["clip"] == ["4", 1]
    assert prompt["5:8"] == {"conditioning_1": ["5:7:1", 0], "conditioning_2": ["5:7:1", 0]}
    assert (prompt["3"]["positive"], prompt["3"]["negative"]) == (["5:8", 0], ["5:7:1", 0])


def test_definitions_inside_definitions():
    outer = subgraph("outer", instance(7, "enc", links={"clip": (-10, 0, "CLIP")}), inputs=[("clip", "CLIP")],
                     outputs=[(7, 0)], definitions={"subgraphs": [ENCODER]})  # fmt: skip
    value = flow(CHECKPOINT, instance(5, "outer", links={"clip": (4, 1)}), definitions=[outer])
    assert prompt_of(value)["5:7:1"]["clip"] == ["4", 1]


def test_an_input_led_straight_to_an_output():
    straight = subgraph("straight", inputs=[("x", "CLIP")], outputs=[(-10, 0, "CLIP")])
    value = flow(CHECKPOINT, instance(5, "straight", links={"x": (4, 1)}), text(6, "a", (5, 0)), definitions=[straight])
    assert prompt_of(value)["6"]["clip"] == ["4", 1]


@pytest.mark.parametrize(
    ("widgets", "properties", "expected"),
    [
        (None, {}, "inner words"),
        ([], {}, "inner words"),
        (["outer"], {}, "outer"),
        ([None], {}, "inner words"),
        ([""], {}, ""),
        ([], {"proxyWidgets": [["1", "text"]]}, "inner words"),
        (["outer", None], {"proxyWidgets": [["-1", "text"], ["1", "text"]]}, "outer"),
        ([None, "outer"], {"proxyWidgets": [["1", "text"], ["-1", "text"]]}, "outer"),
        (["ignored"], {"proxyWidgets": [["1", "text"]]}, "inner words"),
        (["outer"], {"proxyWidgets": [["-1", "text"], ["1", "x"], ["1", "y"]]}, "outer"),
        ({"text": "outer"}, {}, "outer"),
        (["a", "b", "c"], {}, "inner words"),
    ],
)
def test_promoted_widgets(widgets, properties, expected):
    value = flow(CHECKPOINT, prompted(2, widgets, properties=properties), definitions=[PROMPTED])
    assert prompt_of(value)["2:1"]["text"] == expected


def test_promoted_widgets_by_name():
    made = prompted(2, ["stale"], widgets_values_named={"text": "outer"})
    assert prompt_of(flow(CHECKPOINT, made, definitions=[PROMPTED]))["2:1"]["text"] == "outer"


def test_a_link_counts_more_than_a_promoted_value():
    made = instance(2, "prompted", ["outer"], links={"text": (1, 0), "clip": (4, 1)}, converted=("text",))
    value = flow(CHECKPOINT, node(1, "PrimitiveString", ["linked"]), made, definitions=[PROMPTED])
    assert prompt_of(value)["2:1"]["text"] == ["1", 0]


def test_a_promoted_value_passes_through_nested_instances():
    outer = subgraph(
        "outer",
        instance(7, "prompted", ["middle"], links={"text": (-10, 0, "STRING"), "clip": None}, converted=("text",)),
        inputs=[("words", "STRING")],
        outputs=[(7, 0)],
    )
    made = instance(5, "outer", ["top"], links={"words": None}, converted=("words",))
    assert prompt_of(flow(made, definitions=[outer, PROMPTED]))["5:7:1"]["text"] == "top"
    made["widgets_values"] = []
    assert prompt_of(flow(made, definitions=[outer, PROMPTED]))["5:7:1"]["text"] == "middle"


def test_the_first_generation_saved_the_control_behind_a_seed():
    inner = sampler(1, model=None, positive=None, negative=None, latent_image=None)
    inner["inputs"] += [
        {"name": name, "type": kind, "widget": {"name": name}, "link": [-10, k, kind]}
        for k, (name, kind) in enumerate([("seed", "INT"), ("steps", "INT")])
    ]
    definition = subgraph("s", inner, inputs=[("seed", "INT"), ("steps", "INT")], outputs=[(1, 0)])
    made = instance(2, "s", [77, "randomize", 5], links={"seed": None, "steps": None}, converted=("seed", "steps"))
    prompt = prompt_of(flow(made, definitions=[definition]))
    assert (prompt["2:1"]["seed"], prompt["2:1"]["steps"]) == (77, 5)


def test_a_primitive_outside_reaches_the_widget_inside():
    primitive = node(1, "PrimitiveNode", ["from primitive"], outputs=["STRING"])
    made = instance(2, "prompted", ["outer"], links={"text": (1, 0), "clip": (4, 1)}, converted=("text",))
    value = flow(CHECKPOINT, primitive, made, definitions=[PROMPTED])
    assert prompt_of(value)["2:1"]["text"] == "from primitive"


def test_nothing_inside_a_muted_instance_runs():
    value = flow(CHECKPOINT, instance(57, "enc", links={"clip": (4, 1)}, mode=2),
                 sampler(positive=(57, 0), negative=None, latent_image=None), definitions=[ENCODER])  # fmt: skip
    prompt = prompt_of(value)
    assert prompt.keys() == {"4", "3"}
    assert "positive" not in prompt["3"]


def test_a_bypassed_instance_hands_on_its_own_input():
    passing = subgraph("p", decode(1, (-10, 0, "LATENT")), inputs=[("samples", "LATENT")], outputs=[(1, 0)])
    made = instance(57, "p", links={"samples": (5, 0)}, mode=4, outputs=["LATENT"])
    made["inputs"][0]["type"] = "LATENT"
    value = flow(LATENT, made, decode(8, (57, 0), None), definitions=[passing])
    assert prompt_of(value)["8"]["samples"] == ["5", 0]


def test_modes_inside_count():
    definition = subgraph(
        "d",
        text(1, "a", (-10, 0, "CLIP"), mode=2),
        text(2, "b", (-10, 0, "CLIP")),
        inputs=[("clip", "CLIP")],
        outputs=[(2, 0)],
    )
    assert prompt_of(flow(instance(5, "d"), definitions=[definition])).keys() == {"5:2"}


def test_set_and_get_across_borders():
    inner = subgraph("i", node(1, "GetNode", ["clip"], outputs=["CLIP"]), text(2, "a", (1, 0)), outputs=[(2, 0)])
    own = subgraph(
        "own",
        node(1, "GetNode", ["clip"], outputs=["CLIP"]),
        node(3, "SetNode", ["clip"], links={"x": (4, 0)}),
        node(4, "CLIPLoader", ["c", "sd3", "default"]),
        text(2, "a", (1, 0)),
        outputs=[(2, 0)],
    )
    setter = node(20, "SetNode", ["clip"], links={"x": (4, 1)})
    value = flow(CHECKPOINT, setter, instance(5, "i"), instance(6, "own"), definitions=[inner, own])
    prompt = prompt_of(value)
    assert prompt["5:2"]["clip"] == ["4", 1]
    assert prompt["6:2"]["clip"] == ["6:4", 0]


def test_a_subgraph_that_contains_itself():
    definition = subgraph("loop", instance(1, "loop"), outputs=[(1, 0)])
    value = flow(instance(5, "loop"), save(9, (5, 0)), definitions=[definition])
    assert "contains itself" in finding(value, "GX221").message


def test_subgraphs_that_contain_each_other():
    a = subgraph("a", instance(1, "b"), outputs=[(1, 0)])
    b = subgraph("b", instance(1, "a"), outputs=[(1, 0)])
    assert codes_of(flow(instance(5, "a"), definitions=[a, b])) == ["GX221"]


def test_subgraphs_that_multiply():
    levels = [subgraph(f"l{k}", *(instance(i, f"l{k + 1}") for i in range(10)), outputs=[(0, 0)]) for k in range(8)]
    leaf = subgraph("l8", LATENT, outputs=[(5, 0)])
    found = document_of(flow(instance(1, "l0"), definitions=[*levels, leaf]))[1]
    assert {d.code for d in found} == {"GX221"}
    assert "50000 nodes" in found[0].message


def test_an_output_that_nothing_feeds():
    definition = subgraph("d", text(1, "a", None)) | {"outputs": [{"name": "x", "type": "CONDITIONING"}]}
    value = flow(
        instance(5, "d"),
        sampler(positive=(5, 0), model=None, negative=None, latent_image=None),
        definitions=[definition],
    )
    assert "positive" not in prompt_of(value)["3"]


def test_broken_nodes_inside_are_reported_once():
    definition = subgraph("d", text(1, "a", None), outputs=[(1, 0)])
    definition["nodes"][0]["type"] = 3
    value = flow(
        instance(5, "d"),
        sampler(positive=(5, 0), model=None, negative=None, latent_image=None),
        definitions=[definition],
    )
    document, found = document_of(value)
    assert [d.code for d in found] == ["GX107"]
    assert document.broken == {"5:1"}


def test_links_inside_may_be_arrays():
    definition = subgraph("d", text(1, "w", (-10, 0, "CLIP")), inputs=[("clip", "CLIP")], outputs=[(1, 0)])
    definition |= graph(text(1, "w", (-10, 0, "CLIP")), objects=False, outputs=[(1, 0)])
    value = flow(CHECKPOINT, instance(5, "d", links={"clip": (4, 1)}), definitions=[definition])
    assert prompt_of(value)["5:1"]["clip"] == ["4", 1]
