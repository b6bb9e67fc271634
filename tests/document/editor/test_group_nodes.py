"""Group nodes become their inner nodes; `workflow/KSampler + Vae` is built here, for no real file of it is known."""

import json

import pytest

from tests.document.editor.flows import (
    CHECKPOINT,
    LATENT,
    codes_of,
    decode,
    document_of,
    finding,
    flow,
    node,
    prompt_of,
    sampler,
    save,
    text,
)


def recipe(*nodes, links=(), external=(), config=None):
    inner = json.loads(json.dumps(nodes))
    for index, made in enumerate(inner):
        made["index"] = index
        del made["id"]
        for slot in made["inputs"]:
            slot["link"] = None
    return {"nodes": inner, "links": list(links), "external": list(external), "config": config or {}}


SAMPLE_AND_DECODE = recipe(
    sampler(),
    decode(1, (0, 0)),
    links=[[None, 0, 0, 0, 4, "MODEL"], [0, 0, 1, 0, 3, "LATENT"], [None, 2, 1, 1, 4, "VAE"]],
    external=[[1, 0, "IMAGE"]],
)


def group_node(id, type, links, widgets=None, outputs=("IMAGE",), **fields):
    return node(id, type, widgets, links=links, outputs=list(outputs), **fields)


def rendering(separator="/", widgets=(5, "fixed", 30, 7.5, "heun", "karras", 0.5), **fields):
    name = f"workflow{separator}KSampler + Vae"
    links = {"model": (4, 0), "positive": (6, 0), "negative": (7, 0), "latent_image": (5, 0), "vae": (4, 2)}
    return flow(
        CHECKPOINT,
        LATENT,
        text(6, "a"),
        text(7, "b"),
        group_node(10, name, links, list(widgets), **fields),
        save(9, (10, 0)),
        extra={"groupNodes": {"KSampler + Vae": SAMPLE_AND_DECODE}},
    )


@pytest.mark.parametrize("separator", ["/", ">"])
def test_ksampler_and_vae(separator):
    prompt = prompt_of(rendering(separator))
    assert prompt.keys() == {"4", "5", "6", "7", "10:0", "10:1", "9"}
    assert prompt["10:0"] == {
        "seed": 5,
        "steps": 30,
        "cfg": 7.5,
        "sampler_name": "heun",
        "scheduler": "karras",
        "denoise": 0.5,
        "model": ["4", 0],
        "positive": ["6", 0],
        "negative": ["7", 0],
        "latent_image": ["5", 0],
    }
    assert prompt["10:1"] == {"samples": ["10:0", 0], "vae": ["4", 2]}
    assert prompt["9"]["images"] == ["10:1", 0]


def test_without_values_of_its_own_the_inner_nodes_values_count():
    prompt = prompt_of(rendering(widgets=()))
    assert (prompt["10:0"]["seed"], prompt["10:0"]["steps"]) == (1, 20)


def test_inner_nodes_point_into_the_definition():
    decl = document_of(rendering())[0].nodes["10:1"]
    assert decl.path == ("extra", "groupNodes", "KSampler + Vae", "nodes", 1)


def test_nothing_inside_a_muted_group_runs():
    prompt = prompt_of(rendering(mode=2))
    assert prompt.keys() == {"4", "5", "6", "7", "9"}
    assert "images" not in prompt["9"]


def test_a_bypassed_group_hands_on_its_own_input():
    definition = recipe(decode(0, None), external=[[0, 0, "IMAGE"]])
    value = flow(
        LATENT,
        group_node(10, "workflow>G", {"samples": (5, 0), "vae": None}, mode=4, outputs=["LATENT"]),
        decode(8, (10, 0), None),
        extra={"groupNodes": {"G": definition}},
    )
    value["nodes"][1]["inputs"][0]["type"] = "LATENT"
    assert prompt_of(value)["8"]["samples"] == ["5", 0]


def test_names_that_are_taken_get_the_title_then_a_number():
    definition = recipe(*(text(k, str(k), None, title="T") for k in range(4)))
    links = {"clip": (4, 1), "T clip": (4, 1), "T 2 clip": None, "T 3 clip": (4, 1)}
    made = group_node(10, "workflow>G", links, ["a", "b", "c", "d"], outputs=["CONDITIONING"] * 4)
    prompt = prompt_of(flow(CHECKPOINT, made, extra={"groupNodes": {"G": definition}}))
    assert [prompt[f"10:{k}"].get("clip") for k in range(4)] == [["4", 1], ["4", 1], None, ["4", 1]]
    assert [prompt[f"10:{k}"]["text"] for k in range(4)] == ["a", "b", "c", "d"]


def test_configured_names_and_hidden_parts():
    config = {
        "0": {"input": {"clip": {"name": "encoder"}, "text": {"visible": False}}},
        "1": {"input": {"clip": {"visible": False}}, "output": {"0": {"visible": False}}},
    }
    definition = recipe(text(0, "x", None), text(1, "y", None), text(2, "z", None), config=config)
    links = {"encoder": (4, 1), "clip": None}
    made = group_node(10, "workflow>G", links, ["hidden", "b", "c"], outputs=["CONDITIONING"] * 2)
    value = flow(
        CHECKPOINT,
        made,
        sampler(positive=(10, 0), negative=(10, 1), latent_image=None),
        extra={"groupNodes": {"G": definition}},
    )
    prompt = prompt_of(value)
    assert prompt["10:0"] == {"text": "hidden", "clip": ["4", 1]}
    assert prompt["10:1"] == {"text": "b"}
    assert (prompt["3"]["positive"], prompt["3"]["negative"]) == (["10:0", 0], ["10:2", 0])


def test_inner_reroutes_disappear_and_are_named_by_their_type():
    definition = recipe(
        node(0, "Reroute", links={"": None}),
        text(1, "x", None),
        text(2, "y", None),
        links=[[None, 1, 0, 0, 4, "CLIP"], [0, 0, 1, 0, 0, "CLIP"], [0, 0, 2, 0, 0, "CLIP"]],
        config={"0": {"input": {"CLIP": {"name": "encoder"}}}},
    )
    made = group_node(10, "workflow>G", {"encoder": (4, 1)}, outputs=["CONDITIONING"] * 2)
    prompt = prompt_of(flow(CHECKPOINT, made, extra={"groupNodes": {"G": definition}}))
    assert prompt.keys() == {"4", "10:1", "10:2"}
    assert prompt["10:1"]["clip"] == prompt["10:2"]["clip"] == ["4", 1]


def test_a_widget_made_into_an_input_inside_is_an_input_of_the_group_after_all_others():
    inner = node(0, "EmptyLatentImage", [512, 256, 1], links={"width": None}, converted=("width",))
    definition = recipe(inner, decode(1, None), links=[[0, 0, 1, 0, 0, "LATENT"]])
    made = group_node(10, "workflow>G", {"vae": (4, 2), "width": (1, 0)}, [128, 2])
    prompt = prompt_of(
        flow(CHECKPOINT, node(1, "PrimitiveInt", [64, "fixed"]), made, extra={"groupNodes": {"G": definition}})
    )
    assert prompt["10:0"] == {"width": ["1", 0], "height": 128, "batch_size": 2}


def test_an_inner_primitive_is_a_widget_of_the_group():
    inner = node(1, "EmptyLatentImage", [512, 256, 1], links={"width": None}, converted=("width",))
    primitive = node(0, "PrimitiveNode", [768, "fixed"], outputs=["INT"], title="Width")
    definition = recipe(primitive, inner, links=[[0, 0, 1, 0, 0, "INT"]])
    made = group_node(10, "workflow>G", {}, [1024, "fixed", 128, 2], outputs=["LATENT"])
    prompt = prompt_of(flow(made, extra={"groupNodes": {"G": definition}}))
    assert prompt == {"10:1": {"width": 1024, "height": 128, "batch_size": 2}}


def test_a_widget_of_the_group_may_be_made_into_an_input_of_the_group():
    definition = recipe(LATENT)
    made = group_node(10, "workflow>G", {"width": (1, 0)}, [512, 128, 2], outputs=["LATENT"])
    made["inputs"][0]["widget"] = {"name": "width"}
    prompt = prompt_of(flow(node(1, "PrimitiveInt", [64, "fixed"]), made, extra={"groupNodes": {"G": definition}}))
    assert prompt["10:0"] == {"width": ["1", 0], "height": 128, "batch_size": 2}


def test_files_that_list_every_widget():
    inner = sampler(0)
    inner["inputs"] += [{"name": "steps", "type": "INT", "widget": {"name": "steps"}, "link": None}]
    definition = recipe(inner)
    made = group_node(10, "workflow>G", {}, [5, "fixed", 30, 7.5, "heun", "karras", 0.5], outputs=["LATENT"])
    extra = {"groupNodes": {"G": definition}, "frontendVersion": "1.17.11"}
    assert prompt_of(flow(made, extra=extra))["10:0"]["steps"] == 30


def test_a_missing_definition_suggests_the_name():
    value = rendering()
    value["extra"]["groupNodes"] = {"KSampler + VAE": SAMPLE_AND_DECODE}
    found = finding(value, "GX220")
    assert found.hint == 'the file defines "KSampler + VAE"'
    assert document_of(value)[0].broken == {"10"}
    assert codes_of(value) == ["GX220"]


def test_an_inner_node_of_unknown_type_keeps_its_links():
    definition = recipe(LATENT, node(1, "Mystery", links={"x": None}), links=[[0, 0, 1, 0, 0, "LATENT"]])
    made = group_node(10, "workflow>G", {}, [512, 512, 1], outputs=["*"])
    assert prompt_of(flow(made, extra={"groupNodes": {"G": definition}}))["10:1"] == {"x": ["10:0", 0]}


@pytest.mark.parametrize(
    "change",
    [
        {"nodes": [3]},
        {"nodes": [{"type": "Reroute"}], "links": [[0, 0, 0, 0]], "external": [[0, 0]]},
        {"links": [[99, 0, 0, 0, 0, "X"], [0, 0, 99, 99], [0]]},
        {"external": [[99, 99], "x", [{"index": "y"}, 0]]},
        {"config": {"x": {}, "0": {"input": {"clip": 3}}, "1": 3}},
        {"config": [], "links": {}, "external": 3},
    ],
)
def test_malformed_definitions(change):
    value = rendering()
    value["extra"]["groupNodes"]["KSampler + Vae"] |= change
    document, _ = document_of(value)
    assert "9" in document.nodes


def test_an_inner_node_without_a_type_is_reported():
    value = rendering()
    (recipe,) = value["extra"]["groupNodes"].values()
    recipe["nodes"][0]["type"] = ""
    assert "GX107" in codes_of(value)
