"""Mute and bypass, and rgthree's switches, whose effect is in the modes of other nodes."""

import pytest

from graphexec.document.editor.bypass import connects, handed_on_input
from graphexec.document.editor.model import EditorNode, InputSlot, OutputSlot
from tests.document.editor.flows import (
    BASIC,
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


def with_mode(id, mode):
    return flow(*({**n, "mode": mode} if n["id"] == id else n for n in BASIC))


def test_a_muted_node_takes_its_links_with_it():
    prompt = prompt_of(with_mode(4, 2))
    assert "4" not in prompt
    assert prompt["6"] == {"text": "a"}
    assert prompt["8"] == {"samples": ["3", 0]}


def test_a_widget_that_a_muted_node_fed_has_no_value():
    value = flow(
        node(1, "PrimitiveInt", [7, "fixed"], mode=2),
        node(5, "EmptyLatentImage", [512, 256, 1], links={"width": (1, 0)}, converted=("width",)),
    )
    assert prompt_of(value) == {"5": {"height": 256, "batch_size": 1}}


@pytest.mark.parametrize("mode", [1, 3, 7])
def test_other_modes_mean_always(mode):
    assert prompt_of(with_mode(4, mode)) == prompt_of(flow(*BASIC))


def lora(id, model, clip, **fields):
    return node(id, "LoraLoader", ["l", 1, 1], links={"model": model, "clip": clip}, **fields)


def test_a_bypassed_node_hands_on_the_input_of_the_same_place_and_type():
    value = flow(CHECKPOINT, lora(10, (4, 0), (4, 1), mode=4), lora(11, (10, 0), (10, 1)), text(6, "a", (10, 1)))
    prompt = prompt_of(value)
    assert prompt.keys() == {"4", "11", "6"}
    assert (prompt["11"]["model"], prompt["11"]["clip"], prompt["6"]["clip"]) == (["4", 0], ["4", 1], ["4", 1])


def test_a_chain_of_bypassed_nodes():
    loras = [lora(10 + k, (9 + k, 0) if k else (4, 0), (9 + k, 1) if k else (4, 1), mode=4) for k in range(5)]
    assert prompt_of(flow(CHECKPOINT, *loras, text(6, "a", (14, 1))))["6"]["clip"] == ["4", 1]


def test_a_bypassed_sampler_hands_on_its_latent():
    assert prompt_of(with_mode(3, 4))["8"]["samples"] == ["5", 0]


def test_a_bypassed_decoder_has_nothing_to_hand_on():
    assert prompt_of(with_mode(8, 4))["9"] == {"filename_prefix": "out"}


def test_a_bypassed_loader_has_nothing_to_hand_on():
    assert "model" not in prompt_of(with_mode(4, 4))["3"]


def test_places_are_those_of_the_schema_not_of_the_file():
    made = node(10, "ControlNetApplyAdvanced", [1, 0, 1], links={"negative": (7, 0), "positive": (6, 0)}, mode=4)
    value = flow(CHECKPOINT, text(6, "a"), text(7, "b"), made, sampler(positive=(10, 0), negative=(10, 1)))
    prompt = prompt_of(value, allowed=("GX123", "GX120"))
    assert (prompt["3"]["positive"], prompt["3"]["negative"]) == (["6", 0], ["7", 0])


def test_a_bypassed_node_behind_a_muted_one_gives_nothing():
    value = flow({**CHECKPOINT, "mode": 2}, lora(10, (4, 0), (4, 1), mode=4), text(6, "a", (10, 1)))
    assert prompt_of(value) == {"6": {"text": "a"}}


def test_bypassed_nodes_that_feed_each_other():
    value = flow(lora(10, (11, 0), None, mode=4), lora(11, (10, 0), None, mode=4), sampler(model=(10, 0)))
    assert "GX207" in codes_of(value)
    assert "model" not in document_of(value)[0].nodes["3"].inputs


def bypassed(inputs, outputs):
    slots = tuple(InputSlot(f"i{k}", kind, ()) for k, kind in enumerate(inputs))
    return EditorNode("1", "T", (), inputs=slots, outputs=tuple(OutputSlot("", kind) for kind in outputs))


@pytest.mark.parametrize(
    ("inputs", "outputs", "output", "wanted", "expected"),
    [
        (["MODEL", "CLIP"], ["A", "B"], 1, "*", "i1"),  # 1: a consumer of any type gets the input in the place
        (["MODEL"], ["A", "B"], 1, "*", "i0"),  # ... or else the first
        (["LATENT", "LATENT"], ["IMAGE", "LATENT"], 1, "LATENT", "i1"),  # 2: place and both types
        (["*", "LATENT"], ["LATENT"], 0, "LATENT", "i0"),
        (["MODEL", "LATENT,IMAGE", "LATENT"], ["LATENT"], 0, "LATENT", "i2"),  # 3: exactly the type
        (["MODEL", "LATENT,IMAGE"], ["LATENT"], 0, "LATENT", "i1"),  # 4: the first that fits both
        (["MODEL", "latent"], ["LATENT"], 0, "LATENT", "i1"),
        (["LATENT", "VAE"], ["IMAGE"], 0, "IMAGE", None),  # 5: nothing
        ([], ["MODEL"], 0, "MODEL", None),
        ([], ["MODEL"], 0, "*", None),
        (["IMAGE"], [], 3, "IMAGE", "i0"),
    ],
)
def test_the_five_steps(inputs, outputs, output, wanted, expected):
    slot = handed_on_input(bypassed(inputs, outputs), output, wanted)
    assert (slot.name if slot else None) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("A", "A", True), ("a", "A", True), ("A", "B", False), ("*", "B", True), ("A", "", True), ("A,B", "b,c", True),
     ("A,B", "C,D", False), ("A,B", "B", True)],
)  # fmt: skip
def test_which_types_the_editor_connects(one, other, expected):
    assert connects(one, other) is connects(other, one) is expected


def switch(id, type, *origins, mode=0, outputs=("*",)):
    made = node(id, type, outputs=list(outputs), mode=mode, properties={"toggleRestriction": "default"})
    made["inputs"] = [{"name": f"n{k}", "type": "*", "link": origin} for k, origin in enumerate(origins)]
    made["inputs"].append({"name": "", "type": "*", "link": None})
    return made


@pytest.mark.parametrize(
    "type",
    ["Mute / Bypass Repeater (rgthree)", "Fast Muter (rgthree)", "Fast Bypasser (rgthree)", "Node Collector (rgthree)",
     "Mute / Bypass Relay (rgthree)", "Fast Groups Muter (rgthree)", "Node Combiner (rgthree)"],
)  # fmt: skip
def test_switches_are_dropped_and_the_saved_modes_count(type):
    value = flow(
        CHECKPOINT,
        lora(10, (4, 0), (4, 1), mode=4),
        switch(20, type, (10, 0), (4, 0)),
        switch(21, "Fast Muter (rgthree)", (20, 0)),
        text(6, "a", (10, 1)),
    )
    assert prompt_of(value) == {"4": {"ckpt_name": "base.safetensors"}, "6": {"text": "a", "clip": ["4", 1]}}


def test_a_repeater_that_contradicts_the_modes_is_reported():
    repeater = "Mute / Bypass Repeater (rgthree)"
    value = flow(LATENT, node(6, "EmptyLatentImage", [8, 8, 1], mode=2), switch(20, repeater, (5, 0), (6, 0), mode=2))
    found = finding(value, "GX125")
    assert "node 5" in found.message and "node 6" not in found.message
    assert codes_of(flow({**LATENT, "mode": 2}, switch(20, repeater, (5, 0), mode=2))) == []


def test_a_random_unmuter_is_reported():
    assert codes_of(flow(LATENT, switch(20, "Random Unmuter (rgthree)", (5, 0)))) == ["GX125"]


def test_links_from_a_switch_are_no_dependencies():
    value = flow(switch(20, "Node Collector (rgthree)"), save(9, (20, 0)), decode(8, (20, 0), (20, 0)))
    assert prompt_of(value) == {"9": {"filename_prefix": "out"}, "8": {}}
