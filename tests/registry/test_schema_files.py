"""Files of schemas: node types that are known by what a ComfyUI server tells of them, and cannot run."""

import json

import pytest

from graphexec.api import Session
from graphexec.document.load import read
from graphexec.document.model import Source
from graphexec.errors import UsageError
from graphexec.registry.loading import load_registry
from graphexec.registry.object_info import object_info
from tests.document.editor.flows import flow, node

POWER = {
    "input": {
        "required": {"b": ["FLOAT", {"default": 0.5}], "seed": ["INT", {"default": 0}], "image": ["IMAGE"]},
        "optional": {"mode": [["fast", "slow"]], "kind": ["COMBO", {"options": ["p", "q"]}]},
        "hidden": {"unique_id": "UNIQUE_ID"},
    },
    "input_order": {"required": ["image", "seed", "b"], "optional": ["mode", "kind"]},
    "output": ["IMAGE", ["fast", "slow"]],
    "output_name": ["picture", "mode"],
    "output_is_list": [False, True],
    "display_name": "Power",
    "category": "pack",
    "output_node": True,
}


def written(path, **entries):
    path.write_text(json.dumps(entries))
    return path


def test_interfaces(tmp_path):
    registry = load_registry((), [written(tmp_path / "info.json", Power=POWER)])
    spec = registry.known("Power")
    assert registry.get("Power") is None and "Power" in registry.known_names() and registry.diagnostics == ()
    assert [i.name for i in spec.inputs] == ["image", "seed", "b", "mode", "kind"], "the stated order"
    assert [(o.name, o.type, o.is_list) for o in spec.outputs] == [("picture", "IMAGE", False), ("mode", "COMBO", True)]
    assert spec.output_node and spec.function is None and spec.input("kind").choices == ("p", "q")
    assert spec.hidden == (("unique_id", "UNIQUE_ID"),)


def test_what_can_run_stays_and_the_first_file_wins(tmp_path):
    first = written(tmp_path / "a.json", Power=POWER, KSampler={**POWER, "display_name": "other"})
    second = written(tmp_path / "b.json", Power={**POWER, "display_name": "second"}, More=POWER)
    registry = load_registry((), [first, second])
    assert registry.known("KSampler") is None and registry.get("KSampler").function is not None
    assert registry.known("Power").display_name == "Power" and registry.known("More") is not None


def test_a_schema_counts_more_than_the_catalogue(tmp_path):
    assert load_registry().known("LoadAudio") is not None
    registry = load_registry((), [written(tmp_path / "a.json", LoadAudio=POWER)])
    assert registry.known("LoadAudio").input("mode") is not None


def test_malformed_entries_are_left_out_with_a_warning(tmp_path):
    path = written(
        tmp_path / "a.json", Power=POWER, Bad={"input": {"required": {"x": "INT"}}}, Worse=3, Odd={**POWER, "output": 3}
    )
    registry = load_registry((), [path])
    assert [(d.code, d.file) for d in registry.diagnostics] == [("GX504", str(path))] * 3
    assert "Power" in registry.known_names() and "Bad" not in registry.known_names()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"a": 1}', "{", "[" * 100_000])
def test_files_that_are_none(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UsageError, match=r"a\.json"):
        load_registry((), [tmp_path / "a.json"])
    with pytest.raises(UsageError, match="cannot be read"):
        load_registry((), [tmp_path / "b.json"])


def test_own_entries_are_read_back(tmp_path):
    registry = load_registry()
    path = written(tmp_path / "a.json", Copy=object_info(registry.get("KSampler")))
    copy = load_registry((), [path]).known("Copy")
    assert [(i.name, i.type, i.default) for i in copy.inputs] == [
        (i.name, i.type, i.default) for i in registry.get("KSampler").inputs
    ]


def test_files_of_the_editor_are_read_by_it(tmp_path):
    path = written(tmp_path / "info.json", Power=POWER)
    made = node(1, "Power", [7, "randomize", 0.25, "slow", "q"], links={"image": None}, outputs=["IMAGE"])
    text = json.dumps(flow(made))
    document, found = read(Source("flow.json", text, "json"), load_registry((), [path]))
    assert document.nodes["1"].inputs == {"seed": 7, "b": 0.25, "mode": "slow", "kind": "q"} and found == []
    document, found = read(Source("flow.json", text, "json"), load_registry())
    assert document.nodes["1"].inputs == {} and [d.code for d in found] == ["GX121"]


def test_running_says_what_is_known(tmp_path):
    path = written(tmp_path / "info.json", Power=POWER)
    flow = {
        "1": {"class_type": "Power", "inputs": {"image": ["2", 0], "seed": 1, "b": 1.0}},
        "2": {"class_type": "LoadAudio", "inputs": {"audio": "x"}},
    }
    with Session(cache=None, object_info=[path]) as session:
        found = session.check(flow)
    assert session.options["object_info"] == (path,)
    messages = {d.node: (d.message, d.hint) for d in found if d.code == "GX202"}
    listed = "2 types in this file are not implemented: LoadAudio, Power"
    assert messages == {
        "1": (
            f"node 1 (Power): known only by its schema in {path}",
            f"load its pack with --nodes PATH; {listed}",
        ),
        "2": ("node 2 (LoadAudio): known ComfyUI node, not implemented by this version", listed),
    }
    assert any(d.code == "GX206" or "takes IMAGE" in d.message for d in found), "links are checked by the schema"
