"""Use Everywhere: what is sent, who may receive it, and which of several broadcasts counts."""

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


def everywhere(id, *origins, type="Anything Everywhere", widgets=None, names=(), **fields):
    made = node(id, type, widgets, outputs=[], **fields)
    names = [*names, *(origin[2] for origin in origins[len(names) :])]
    made["inputs"] = [{"name": name, "type": "*", "link": origin} for name, origin in zip(names, origins)]
    return made


def modern(id, *origins, settings=None, labels=(), **fields):
    """A 7.x node: inputs `anything`, `anything11`, ... of concrete types, and settings in ue_properties."""
    properties = {"ue_properties": {"version": "7.0.1", **(settings or {})}}
    made = node(id, "Anything Everywhere", outputs=[], properties=properties, **fields)
    made["inputs"] = [
        {
            "name": f"anything{k or ''}",
            "label": labels[k] if k < len(labels) else origin[2],
            "type": origin[2],
            "link": origin,
        }
        for k, origin in enumerate(origins)
    ]
    return made


MODEL, CLIP, VAE = (4, 0, "MODEL"), (4, 1, "CLIP"), (4, 2, "VAE")
UNLINKED = (
    CHECKPOINT,
    LATENT,
    text(6, "a", None),
    text(7, "b", None),
    sampler(model=None, positive=None, negative=None),
    decode(8, (3, 0), None),
    save(9, (8, 0)),
)


def linked(value, id, name):
    return prompt_of(value)[str(id)].get(name)


def test_each_type_goes_to_every_free_input():
    value = flow(*UNLINKED, everywhere(10, MODEL), everywhere(11, CLIP), everywhere(12, VAE))
    prompt = prompt_of(value)
    assert prompt["3"]["model"] == ["4", 0]
    assert prompt["6"]["clip"] == prompt["7"]["clip"] == ["4", 1]
    assert prompt["8"]["vae"] == ["4", 2]
    assert prompt["10"] == {"MODEL": ["4", 0]}
    assert "positive" not in prompt["3"]


def test_three_at_once():
    prompt = prompt_of(flow(*UNLINKED, everywhere(10, MODEL, CLIP, VAE, type="Anything Everywhere3")))
    assert (prompt["3"]["model"], prompt["6"]["clip"], prompt["8"]["vae"]) == (["4", 0], ["4", 1], ["4", 2])


def test_a_link_counts_more():
    loader = node(20, "VAELoader", ["other"])
    value = flow(*UNLINKED[:5], decode(8, (3, 0), (20, 0)), loader, everywhere(12, VAE))
    assert linked(value, 8, "vae") == ["20", 0]


def test_prompts_go_to_inputs_named_positive_and_negative():
    conditionings = [(6, 0, "CONDITIONING"), (7, 0, "CONDITIONING")]
    value = flow(*UNLINKED, everywhere(10, *conditionings, type="Prompts Everywhere"))
    prompt = prompt_of(value)
    assert (prompt["3"]["positive"], prompt["3"]["negative"]) == (["6", 0], ["7", 0])


def seed_everywhere(id=13, **fields):
    return node(id, "Seed Everywhere", [99, "fixed"], outputs=["INT"], **fields)


def converted_seed():
    made = sampler()
    made["inputs"].append({"name": "seed", "type": "INT", "link": None, "widget": {"name": "seed"}})
    return made


def test_a_seed_goes_to_inputs_named_seed():
    value = flow(converted_seed(), seed_everywhere(), node(1, "EmptyLatentImage", [8, 8, 1], links={"width": None},
                 converted=("width",)))  # fmt: skip
    prompt = prompt_of(value, allowed=("GX123", "GX120"))
    assert prompt["3"]["seed"] == ["13", 0]
    assert prompt["1"]["width"] == 8
    assert prompt["13"] == {"seed": 99}


def test_widgets_that_were_never_made_into_sockets_receive_nothing():
    value = flow(converted_seed(), seed_everywhere(), extra={"frontendVersion": "1.20.0"})
    assert prompt_of(value, allowed=("GX120",))["3"]["seed"] == 1


def test_widgets_that_their_author_opened_receive():
    made = converted_seed() | {"properties": {"ue_properties": {"widget_ue_connectable": {"seed": True}}}}
    value = flow(made, seed_everywhere(), extra={"frontendVersion": "1.20.0"})
    assert prompt_of(value, allowed=("GX120",))["3"]["seed"] == ["13", 0]


def restricted(id, title=".*", input=".*", group=".*", origin=CLIP, **fields):
    return everywhere(id, origin, type="Anything Everywhere?", widgets=[title, input, group], **fields)


@pytest.mark.parametrize(
    ("title", "expected"),
    [("Positive", {"6"}), ("^Pos", {"6"}), ("tive", {"6", "7"}), ("positive", set()), (".*", {"6", "7", "20"}),
     ("CLIPText", {"20"})],
)  # fmt: skip
def test_title_patterns_are_searched_for_in_title_or_class_name(title, expected):
    encoders = [text(6, "a", None, title="Positive"), text(7, "b", None, title="Negative"), text(20, "c", None)]
    encoders[2]["properties"]["Node name for S&R"] = "CLIPTextEncode"
    prompt = prompt_of(flow(CHECKPOINT, *encoders, restricted(10, title)))
    assert {id for id in ("6", "7", "20") if "clip" in prompt[id]} == expected


def test_input_patterns_are_searched_for_in_labels_or_names():
    made = sampler(positive=None, negative=None)
    made["inputs"][2]["label"] = "what to avoid"
    value = flow(text(6, "a", None), made, restricted(10, input="avoid", origin=(6, 0, "CONDITIONING")))
    prompt = prompt_of(value, allowed=("GX120",))
    assert prompt["3"].get("negative") == ["6", 0] and "positive" not in prompt["3"]


def test_a_restricted_broadcast_counts_more_than_a_plain_one():
    loader = node(20, "CLIPLoader", ["c", "sd3", "default"])
    value = flow(CHECKPOINT, loader, text(6, "a", None), everywhere(10, (20, 0, "CLIP")), restricted(11))
    assert linked(value, 6, "clip") == ["4", 1]


def test_a_boost_decides():
    loader = node(20, "CLIPLoader", ["c", "sd3", "default"])
    boosted = everywhere(11, (20, 0, "CLIP"), properties={"priority_boost": 1})
    assert linked(flow(CHECKPOINT, loader, text(6, "a", None), everywhere(10, CLIP), boosted), 6, "clip") == ["20", 0]


def test_several_of_one_priority_are_an_error_that_names_them():
    loader = node(20, "CLIPLoader", ["c", "sd3", "default"])
    value = flow(CHECKPOINT, loader, text(6, "a", None), everywhere(10, CLIP), everywhere(11, (20, 0, "CLIP")))
    found = finding(value, "GX223")
    assert (found.node, found.input) == ("6", "clip")
    assert "node 10 (Anything Everywhere) and by node 11 (Anything Everywhere)" in found.message
    assert [related.place.path for related in found.related] == [("nodes", 3), ("nodes", 4)]
    assert "clip" not in document_of(value)[0].nodes["6"].inputs


def test_the_same_value_sent_twice_is_no_ambiguity():
    value = flow(CHECKPOINT, text(6, "a", None), everywhere(10, CLIP), everywhere(11, CLIP))
    assert linked(value, 6, "clip") == ["4", 1]


def test_a_node_does_not_feed_itself():
    image = (8, 0, "IMAGE")
    scaled = node(20, "ImageInvert", links={"image": None})
    value = flow(scaled, everywhere(10, (20, 0, "IMAGE")), decode(8, None, None), everywhere(11, image, widgets=None))
    assert prompt_of(value)["20"]["image"] == ["8", 0]


@pytest.mark.parametrize("mode", [2, 4])
def test_a_sender_that_is_off_sends_nothing(mode):
    assert "clip" not in prompt_of(flow(CHECKPOINT, text(6, "a", None), everywhere(10, CLIP, mode=mode)))["6"]


def test_what_a_bypassed_node_hands_on_is_sent():
    lora = node(20, "LoraLoader", ["l", 1, 1], links={"model": (4, 0), "clip": (4, 1)}, mode=4)
    value = flow(CHECKPOINT, lora, text(6, "a", None), everywhere(10, (20, 1, "CLIP")))
    assert linked(value, 6, "clip") == ["4", 1]


def test_what_a_muted_node_would_make_is_not_sent():
    value = flow({**CHECKPOINT, "mode": 2}, text(6, "a", None), everywhere(10, CLIP))
    assert "clip" not in prompt_of(value)["6"]


def test_nodes_may_reject_broadcasts():
    value = flow(CHECKPOINT, text(6, "a", None, properties={"rejects_ue_links": True}), everywhere(10, CLIP))
    assert "clip" not in prompt_of(value)["6"]


FRAMES = [{"title": "Left", "bounding": [0, 0, 100, 100]}, {"title": "Right", "bounding": [200, 0, 100, 100]}]


def at(x, made):
    return made | {"pos": [x, 40], "size": {"0": 20, "1": 20}}


@pytest.mark.parametrize(("restriction", "expected"), [(0, {"6", "7"}), (1, {"6"}), (True, {"6"}), (2, {"7"})])
def test_groups(restriction, expected):
    value = flow(CHECKPOINT, at(10, text(6, "a", None)), at(210, text(7, "b", None)),
                 at(50, everywhere(10, CLIP, properties={"group_restricted": restriction})), groups=FRAMES)  # fmt: skip
    prompt = prompt_of(value)
    assert {id for id in ("6", "7") if "clip" in prompt[id]} == expected


def test_group_titles():
    value = flow(CHECKPOINT, at(10, text(6, "a", None)), at(210, text(7, "b", None)), restricted(10, group="^Ri"),
                 groups=FRAMES)  # fmt: skip
    prompt = prompt_of(value)
    assert "clip" not in prompt["6"] and prompt["7"]["clip"] == ["4", 1]


@pytest.mark.parametrize(("restriction", "expected"), [(1, {"6"}), (2, {"7"})])
def test_colours(restriction, expected):
    value = flow(CHECKPOINT, text(6, "a", None, color="#222"), text(7, "b", None),
                 everywhere(10, CLIP, color="#222", properties={"color_restricted": restriction}))  # fmt: skip
    prompt = prompt_of(value)
    assert {id for id in ("6", "7") if "clip" in prompt[id]} == expected


@pytest.mark.parametrize("pattern", ["(", "*", "(a+)+$", "(?<x>a)\\k<x>", "x" * 600, ".*.*.*.*.*", "\\u{1F600}"])
def test_patterns_that_cannot_be_used_are_errors(pattern):
    found = finding(flow(CHECKPOINT, text(6, "a", None), restricted(10, pattern)), "GX224")
    assert found.node == "10"


def test_recorded_connections_count_before_the_rules():
    loader = node(20, "CLIPLoader", ["c", "sd3", "default"])
    record = {
        "downstream": 6,
        "downstream_slot": 0,
        "upstream": "20",
        "upstream_slot": 0,
        "controller": 10,
        "type": "CLIP",
    }
    value = flow(CHECKPOINT, loader, text(6, "a", None), everywhere(10, CLIP), extra={"ue_links": [record]})
    assert linked(value, 6, "clip") == ["20", 0]
    record["type"] = "VAE"
    value["extra"]["ue_links"] = [record]
    assert linked(value, 6, "clip") == ["4", 1]


def test_group_nodes_receive_as_a_whole():
    inner = text(0, "x", None)
    del inner["id"]
    value = flow(
        CHECKPOINT,
        node(30, "workflow/G", ["words"], links={"clip": None}),
        everywhere(10, CLIP),
        extra={"groupNodes": {"G": {"nodes": [inner], "links": [], "external": []}}},
    )
    value["nodes"][1]["inputs"][0]["type"] = "CLIP"
    assert linked(value, "30:0", "clip") == ["4", 1]


def test_modern_many_inputs():
    prompt = prompt_of(flow(*UNLINKED, modern(10, MODEL, CLIP, VAE)))
    assert (prompt["3"]["model"], prompt["6"]["clip"], prompt["8"]["vae"]) == (["4", 0], ["4", 1], ["4", 2])
    assert prompt["10"] == {"anything": ["4", 0], "anything1": ["4", 1], "anything2": ["4", 2]}


@pytest.mark.parametrize(
    ("rule", "labels", "expected"),
    [
        (0, ("positive", "negative"), (["6", 0], ["7", 0])),
        (0, ("a", "b"), (None, None)),
        (1, ("pos", "negative prompt"), (["6", 0], ["7", 0])),
        (2, ("tive", "gative"), None),
        (3, ("Sampler", "Other"), (["6", 0], ["6", 0])),
        (4, ("^p", "^n"), (["6", 0], ["7", 0])),
    ],
)
def test_modern_repeated_types(rule, labels, expected):
    conditionings = [(6, 0, "CONDITIONING"), (7, 0, "CONDITIONING")]
    sender = modern(10, *conditionings, settings={"repeated_type_rule": rule}, labels=labels)
    value = flow(*UNLINKED[:4], sampler(positive=None, negative=None) | {"title": "Sampler"}, sender)
    if expected is None:  # "tive" ends both names, "gative" only one: the tie is an error
        assert codes_of(value).count("GX223") == 1
    else:
        prompt = prompt_of(value)
        assert (prompt["3"].get("positive"), prompt["3"].get("negative")) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"title_regex": "Positive"}, {"6"}),
        ({"title_regex": "Positive", "title_regex_invert": True}, {"7", "20"}),
        ({"title_regex": "CLIP Text Encode"}, {"20"}),
        ({"title_regex": None}, {"6", "7", "20"}),
        ({"input_regex": "^clip$"}, {"6", "7", "20"}),
        ({"input_regex": "model"}, set()),
        ({"color_restricted": 1}, {"7", "20"}),
    ],
)
def test_modern_restrictions(settings, expected):
    encoders = [
        text(6, "a", None, title="Positive", color="#1"),
        text(7, "b", None, title="Negative"),
        text(20, "c", None),
    ]
    prompt = prompt_of(flow(CHECKPOINT, *encoders, modern(10, CLIP, settings=settings)))
    assert {id for id in ("6", "7", "20") if "clip" in prompt[id]} == expected


def test_modern_priority():
    loader = node(20, "CLIPLoader", ["c", "sd3", "default"])
    for settings, expected in [({"priority": 11}, "20"), ({"priority": 9}, "4"), ({"title_regex": "a|.*"}, "20")]:
        value = flow(
            CHECKPOINT, loader, text(6, "a", None), modern(10, CLIP), modern(11, (20, 0, "CLIP"), settings=settings)
        )
        assert linked(value, 6, "clip")[0] == expected


def test_modern_sockets_may_be_closed():
    closed = {"ue_properties": {"version": "7.0.1", "input_ue_unconnectable": {"clip": True}}}
    value = flow(CHECKPOINT, text(6, "a", None, properties=closed), modern(10, CLIP))
    assert "clip" not in prompt_of(value)["6"]


def test_modern_nodes_may_send_their_own_outputs():
    settings = {"version": "7.0.1", "output_not_broadcasting": {"VAE": True}}
    loader = CHECKPOINT | {"properties": {"ue_convert": True, "ue_properties": settings}}
    prompt = prompt_of(flow(loader, *UNLINKED[1:]))
    assert (prompt["3"]["model"], prompt["6"]["clip"]) == (["4", 0], ["4", 1])
    assert "vae" not in prompt["8"]


def test_modern_wider_types():
    any_input = node(20, "Mystery", links={"x": None})
    assert "x" not in prompt_of(flow(CHECKPOINT, any_input, modern(10, CLIP)))["20"]
    value = flow(CHECKPOINT, any_input, modern(10, CLIP, settings={"send_to_any": True}))
    assert linked(value, 20, "x") == ["4", 1]


def test_modern_bypassed_nodes_receive():
    lora = node(20, "LoraLoader", ["l", 1, 1], links={"model": (4, 0), "clip": None}, mode=4)
    value = flow(CHECKPOINT, lora, text(6, "a", (20, 1)), modern(10, CLIP))
    assert linked(value, 6, "clip") == ["4", 1]
