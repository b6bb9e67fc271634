"""Widget values get their names."""

import pytest

from graphexec.registry.notation import read_inputs
from graphexec.registry.spec import NodeSpec
from tests.document.editor.flows import REGISTRY, codes_of, document_of, finding, flow, node, prompt_of


class Extra:
    """The registry with further node types, declared as packs declare them."""

    def __init__(self, **types):
        self.specs = {name: NodeSpec(name, read_inputs(i), (), None, "test") for name, i in types.items()}

    def get(self, type):
        return self.specs.get(type) or REGISTRY.get(type)

    def known(self, type):
        return REGISTRY.known(type)


def named(inputs, values, **fields):
    """Return the named values of a node whose type is declared so."""
    made = node(1, "T", values, outputs=[], **fields)
    document, found = document_of(flow(made), Extra(T=inputs))
    assert {d.code for d in found} <= {"GX123", "GX122"}
    return {name: value for name, value in document.nodes["1"].inputs.items() if not hasattr(value, "node")}


SEED = ["INT", {"default": 0, "min": 0, "max": 99}]
FORCED = {"required": {"a": ["INT", {"forceInput": True}], "b": ["FLOAT", {}], "s": ["STRING", {}]}}


@pytest.mark.parametrize(
    ("inputs", "values", "expected"),
    [
        ({"required": {"seed": SEED, "n": ["INT", {}]}}, [5, "fixed", 7], {"seed": 5, "n": 7}),
        ({"required": {"noise_seed": SEED}}, [5, "increment"], {"noise_seed": 5}),
        ({"required": {"seed": SEED, "n": ["INT", {}]}}, [5, True, 7], {"seed": 5, "n": 7}),
        ({"required": {"seed": SEED, "n": ["INT", {}]}}, [5, 7], {"seed": 5, "n": 7}),
        ({"required": {"x": ["INT", {"control_after_generate": True}]}}, [5, "randomize"], {"x": 5}),
        ({"required": {"seed": ["INT", {"control_after_generate": False}], "n": ["INT", {}]}}, [5, 7],
         {"seed": 5, "n": 7}),
        ({"required": {"c": [["p", "q"], {"control_after_generate": True}], "n": ["INT", {}]}},
         ["q", "increment-wrap", "", 3], {"c": "q", "n": 3}),
        ({"required": {"image": [["a.png"], {"image_upload": True}]}}, ["a.png", "image"], {"image": "a.png"}),
        ({"required": {"image": [["a.png"], {"image_upload": True}]}}, ["a.png"], {"image": "a.png"}),
        ({"required": {"i": [["a"], {"image_upload": True}], "ch": [["red", "blue"], {}]}}, ["a", "red", "image"],
         {"i": "a", "ch": "red"}),
        ({"required": {"i": [["a"], {"image_upload": True}], "ch": [["red", "blue"], {}]}}, ["a", "image", "red"],
         {"i": "a", "ch": "red"}),
        ({"required": {"m": ["MODEL"], "x": ["FLOAT", {}]}, "optional": {"y": ["BOOLEAN", {}]}}, [1.5, True],
         {"x": 1.5, "y": True}),
        ({"required": {"x": ["INT,FLOAT", {}], "y": ["INT", {}]}}, [4], {"y": 4}),
        ({"required": {"x": ["INT", {}]}, "optional": {"d": ["INT", {"defaultInput": True}], "y": ["STRING", {}]}},
         [4, "t"], {"x": 4, "y": "t"}),
        ({"required": {"x": ["INT", {}]}}, [20.0], {"x": 20}),
        ({"required": {"x": ["FLOAT", {}]}}, [20], {"x": 20}),
    ],
)  # fmt: skip
def test_by_position(inputs, values, expected):
    assert named(inputs, values) == expected


def test_inputs_that_only_take_links_have_no_place_since_1_16():
    assert named(FORCED, [1.5, "t"]) == {"b": 1.5, "s": "t"}


def test_inputs_that_only_take_links_had_a_place_before_1_16():
    assert named(FORCED, [7, 1.5, "t"]) == {"b": 1.5, "s": "t"}


def test_a_widget_made_into_an_input_keeps_its_place_and_value():
    inputs = {"required": {"a": ["INT", {}], "b": ["INT", {}]}}
    assert named(inputs, [1, 2], links={"a": None}, converted=("a",)) == {"a": 1, "b": 2}


def test_a_link_takes_the_place_of_the_value():
    value = flow(
        node(1, "PrimitiveInt", [7, "fixed"]),
        node(5, "EmptyLatentImage", [512, 256, 1], links={"width": (1, 0)}, converted=("width",)),
    )
    assert prompt_of(value)["5"] == {"width": ["1", 0], "height": 256, "batch_size": 1}


def test_by_name():
    inputs = {"required": {"a": ["INT", {}], "seed": SEED}}
    assert named(inputs, {"seed": 3, "a": 1, "videopreview": {}, "upload": "x"}) == {"a": 1, "seed": 3}


def test_names_beside_the_list_say_what_is_what_in_it():
    inputs = {"required": {"a": ["INT", {}], "seed": SEED}}
    names = {"seed": 3, "control_after_generate": "fixed", "new": True, "a": 1}
    assert named(inputs, [8, "fixed", False, 9], widgets_values_named=names) == {"a": 9, "seed": 8, "new": False}


def test_controls_of_several_seeds_are_no_inputs():
    names = {"seed": 3, "control_after_generate#1": "fixed", "other": 4, "control_after_generate": "randomize"}
    made = node(1, "Mystery", [8, "fixed", 4, "randomize"], widgets_values_named=names)
    assert prompt_of(flow(made))["1"] == {"seed": 8, "other": 4}


def test_names_that_do_not_fit_the_list_count_only_without_a_schema():
    inputs = {"required": {"a": ["INT", {}], "seed": SEED}}
    assert named(inputs, [9, 8, "fixed"], widgets_values_named={"seed": 3, "a": 1}) == {"a": 9, "seed": 8}
    made = node(1, "Mystery", [9, 8, "fixed"], widgets_values_named={"seed": 3, "a": 1})
    assert prompt_of(flow(made))["1"] == {"seed": 3, "a": 1}


def test_newer_widgets_get_their_defaults_with_a_note():
    value = flow(node(1, "CLIPVisionEncode"))
    assert prompt_of(value)["1"] == {"crop": "center"}
    assert 'crop = "center"' in finding(value, "GX123").message


def test_defaults_by_kind():
    inputs = {"required": {"i": ["INT", {"min": 3}], "f": ["FLOAT", {}], "s": ["STRING", {}], "b": ["BOOLEAN", {}],
                           "c": [["p", "q"], {}], "d": [["p", "q"], {"default": "q"}]}}  # fmt: skip
    assert named(inputs, []) == {"i": 3, "f": 0.0, "s": "", "b": False, "c": "p", "d": "q"}


def test_holes_count_as_missing():
    inputs = {"required": {"a": ["INT", {"default": 4}], "b": ["INT", {}]}}
    assert named(inputs, [None, 2]) == {"a": 4, "b": 2}


def test_surplus_values_are_left_out_with_a_warning():
    value = flow(node(5, "EmptyLatentImage", [512, 512, 1, 7, None, ""]))
    assert prompt_of(value, allowed=("GX122",))["5"] == {"width": 512, "height": 512, "batch_size": 1}
    assert "1 more" in finding(value, "GX122").message


def test_values_of_an_unknown_type_need_its_schema():
    value = flow(node(1, "Mystery", [1, 2], links={"x": (5, 0)}), node(5, "EmptyLatentImage", [512, 512, 1]))
    found = finding(value, "GX121")
    assert ("2 widget values" in found.message, found.node) == (True, "1")
    assert document_of(value)[0].nodes["1"].inputs.keys() == {"x"}


def test_values_of_an_unknown_type_are_named_where_the_file_lists_its_widgets():
    made = node(1, "Mystery", [5, "fixed", "t"], links={"model": None, "seed": None, "name": None})
    made["inputs"][1] |= {"type": "INT", "widget": {"name": "seed"}}
    made["inputs"][2] |= {"type": "STRING", "widget": {"name": "name"}}
    assert prompt_of(flow(made))["1"] == {"seed": 5, "name": "t"}
    made["inputs"].pop()
    assert codes_of(flow(made)) == ["GX121"]


def test_values_of_an_unknown_type_are_named_by_the_file():
    made = node(1, "Mystery", [5, "fixed"], widgets_values_named={"seed": 5, "control_after_generate": "fixed"})
    assert prompt_of(flow(made))["1"] == {"seed": 5}


def test_findings_about_a_value_point_at_it():
    value = flow(node(5, "EmptyLatentImage", [512, 512, 1]))
    decl = document_of(value)[0].nodes["5"]
    assert decl.input_path("height") == ("nodes", 0, "widgets_values", 1)
    assert decl.type_path == ("nodes", 0, "type")
