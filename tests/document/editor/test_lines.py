"""Reroutes, primitives, notes, Set and Get nodes, the latent tunnel: what lines and names stand for."""

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
    types_of,
)


def reroute(id, origin, type="Reroute", **fields):
    return node(id, type, links={"": origin}, outputs=["*"], **fields)


@pytest.mark.parametrize("type", ["Reroute", "Reroute (rgthree)"])
@pytest.mark.parametrize("mode", [0, 2, 4])
def test_reroutes_disappear_however_many(type, mode):
    value = flow(
        CHECKPOINT,
        reroute(20, (4, 1), type, mode=mode),
        reroute(21, (20, 0), type, mode=mode),
        text(6, "a", (21, 0)),
    )
    assert prompt_of(value) == {"4": {"ckpt_name": "base.safetensors"}, "6": {"text": "a", "clip": ["4", 1]}}


def test_an_unconnected_reroute_gives_nothing():
    assert prompt_of(flow(reroute(20, None), text(6, "a", (20, 0)))) == {"6": {"text": "a"}}


def test_reroutes_that_feed_each_other():
    value = flow(reroute(20, (21, 0)), reroute(21, (20, 0)), text(6, "a", (20, 0)), text(7, "a", (21, 0)))
    assert finding(value, "GX207").node in ("20", "21")
    assert "clip" not in document_of(value)[0].nodes["6"].inputs


def test_native_reroutes_need_nothing():
    value = flow(
        CHECKPOINT, text(6, "a"), extra={"reroutes": [{"id": 1, "linkIds": [1]}], "linkExtensions": [{"id": 1}]}
    )
    assert prompt_of(value)["6"] == {"text": "a", "clip": ["4", 1]}


def primitive(id, values, kind="INT", widget="width", **fields):
    made = node(id, "PrimitiveNode", values, outputs=[kind], **fields)
    made["outputs"][0]["widget"] = {"name": widget}
    return made


def sized(origin, id=5):
    return node(id, "EmptyLatentImage", [512, 256, 1], links={"width": origin}, converted=("width",))


@pytest.mark.parametrize("mode", [0, 2, 4])
def test_a_primitive_writes_into_every_widget_it_is_linked_to(mode):
    value = flow(primitive(1, [768, "fixed"], mode=mode), sized((1, 0)), sized((1, 0), 6))
    assert prompt_of(value) == {id: {"width": 768, "height": 256, "batch_size": 1} for id in ("5", "6")}


def test_a_primitive_writes_through_reroutes():
    value = flow(primitive(1, [768, "fixed"]), reroute(2, (1, 0)), sized((2, 0)))
    assert prompt_of(value)["5"]["width"] == 768


def test_a_primitive_gives_nothing_to_a_plain_socket():
    value = flow(primitive(1, [768, "fixed"]), node(2, "Mystery", links={"x": (1, 0)}))
    assert prompt_of(value) == {"2": {}}


def test_primitives_without_value_or_target():
    value = flow(primitive(1, None), sized((1, 0)), primitive(2, ["x", "fixed", ""], "*"))
    assert prompt_of(value) == {"5": {"width": 512, "height": 256, "batch_size": 1}}


def test_a_finding_about_a_primitives_value_points_at_the_primitive():
    value = flow(sized((1, 0)), primitive(1, [768, "fixed"]))
    assert document_of(value)[0].nodes["5"].input_path("width") == ("nodes", 1, "widgets_values", 0)


@pytest.mark.parametrize("type", ["Note", "MarkdownNote", "Label (rgthree)"])
def test_notes_are_dropped(type):
    assert prompt_of(flow(LATENT, node(1, type, ["words"], outputs=[]))).keys() == {"5"}


def setter(id, name, origin, type="SetNode", **fields):
    return node(id, type, [name], links={"MODEL": origin}, outputs=["*"], **fields)


def getter(id, name, type="GetNode", **fields):
    return node(id, type, [name], outputs=["MODEL"], **fields)


@pytest.mark.parametrize(("set_type", "get_type"), [("SetNode", "GetNode"), ("easy setNode", "easy getNode")])
def test_get_reads_what_set_stores(set_type, get_type):
    value = flow(
        CHECKPOINT,
        setter(20, "clip", (4, 1), set_type),
        getter(21, "clip", get_type),
        text(6, "a", (21, 0)),
        text(7, "b", (20, 0)),
    )
    assert types_of(value).keys() == {"4", "6", "7"}
    assert prompt_of(value)["6"]["clip"] == prompt_of(value)["7"]["clip"] == ["4", 1]


def test_tunnels_through_tunnels_and_reroutes():
    value = flow(
        CHECKPOINT,
        setter(20, "a", (4, 1)),
        getter(21, "a"),
        reroute(22, (21, 0)),
        setter(23, "b", (22, 0)),
        getter(24, "b"),
        text(6, "x", (24, 0)),
    )
    assert prompt_of(value)["6"]["clip"] == ["4", 1]


def test_a_tunnel_into_itself():
    value = flow(setter(20, "a", (21, 0)), getter(21, "a"), text(6, "x", (21, 0)))
    assert codes_of(value) == ["GX207"]


def test_get_without_set_suggests_the_name():
    value = flow(CHECKPOINT, setter(20, "model", (4, 0)), getter(21, "modle"), text(6, "x", (21, 0)))
    found = finding(value, "GX222")
    assert (found.node, found.hint) == ("21", 'did you mean "model"?')
    assert codes_of(flow(getter(21, None))) == ["GX222"]


def tunnel(id, origin, **fields):
    return node(id, "gcLatentTunnel", links={"samples": origin}, **fields)


@pytest.mark.parametrize("mode", [0, 4])
def test_the_latent_tunnel_passes_its_latent_on(mode):
    value = flow(
        CHECKPOINT, LATENT, text(6, "a"), text(7, "b"),
        tunnel(30, (5, 0), mode=mode), sampler(latent_image=(30, 0)),
        tunnel(31, (3, 0), mode=mode), tunnel(32, (31, 0), mode=mode), decode(8, (32, 0)), save(9, (8, 0)),
    )  # fmt: skip
    prompt = prompt_of(value)
    assert prompt.keys() == {"4", "5", "6", "7", "3", "8", "9"}
    assert (prompt["3"]["latent_image"], prompt["8"]["samples"]) == (["5", 0], ["3", 0])


def test_a_muted_latent_tunnel_passes_nothing_on():
    assert prompt_of(flow(LATENT, tunnel(30, (5, 0), mode=2), decode(8, (30, 0), None)))["8"] == {}
