"""The table, the built-in provider and the catalogue."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from graphexec.registry import catalogue
from graphexec.registry.builtin import load_builtin
from graphexec.registry.object_info import object_info
from graphexec.registry.spec import NodeSpec
from graphexec.registry.table import Registry
from tests.registry.make_catalogue import CATALOGUE, condense

ROOT = Path(__file__).parents[2]
OBJECT_INFO = ROOT.parent / "shared" / "reference" / "object_info.json"


def spec(type, provider="p"):
    return NodeSpec(type=type, inputs=(), outputs=(), function=print, provider=provider)


def test_first_provider_wins_and_both_are_named():
    registry = Registry([spec("A", "one"), spec("B", "one"), spec("A", "two")])
    assert registry.get("A").provider == "one" and registry.names() == ("A", "B")
    (finding,) = registry.diagnostics
    assert finding.code == "GX503" and "one" in finding.message and "two" in finding.message


def test_known_is_only_what_cannot_run():
    registry = Registry([spec("KSampler")])
    assert registry.known("KSampler") is None and registry.get("KSampler").function is print
    known = registry.known("LoraLoader")
    assert known.function is None and [i.name for i in known.inputs][:3] == ["model", "clip", "lora_name"]
    assert registry.get("LoraLoader") is None and registry.known("NoSuchNode") is None
    assert "LoraLoader" in registry.known_names() and "KSampler" not in registry.known_names()


def test_builtin_nodes_load():
    provided = load_builtin()
    assert provided.diagnostics == ()
    assert {"CheckpointLoaderSimple", "KSamplerAdvanced", "SaveImage"} <= {s.type for s in provided.specs}
    assert Registry(provided.specs).diagnostics == ()


def run(code, cwd):
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=True).stdout


def test_loading_builtin_nodes_imports_no_numerics():
    code = """
import sys
from graphexec.registry.builtin import load_builtin
assert load_builtin().specs
print([m for m in ('torch', 'numpy', 'PIL', 'safetensors') if m in sys.modules])
"""
    assert run(code, ROOT).strip() == "[]"


@pytest.mark.parametrize("foreign", ["nodes.py", "nodes/__init__.py"])
@pytest.mark.parametrize("loaded", [False, True])
def test_foreign_nodes_are_not_imported_but_named(tmp_path, foreign, loaded):
    file = tmp_path / foreign
    file.parent.mkdir(exist_ok=True)
    file.write_text("TABLE_MODULES = ()\nTOUCHED = True\n")
    code = f"""
import sys; sys.path[:0] = [{str(tmp_path)!r}]; sys.path.append({str(ROOT)!r})
if {loaded}: import nodes
from graphexec.registry.builtin import load_builtin
p = load_builtin()
assert not p.specs and ('nodes' in sys.modules) == {loaded}
print(p.diagnostics[0].code, p.diagnostics[0].message)
"""
    code_and_message = run(code, tmp_path)
    assert code_and_message.startswith("GX505") and str(tmp_path / "nodes") in code_and_message


@pytest.mark.skipif(not OBJECT_INFO.exists(), reason="the reference /object_info is not here")
def test_catalogue_is_what_the_reference_says():
    info = json.loads(OBJECT_INFO.read_text())
    assert CATALOGUE.read_text(encoding="utf-8") == condense(info)
    for type, entry in info.items():
        ours = object_info(catalogue.known(type))
        assert ours["display_name"] == (entry["display_name"] or type)
        for key in ("output", "output_is_list", "output_name", "category", "output_node", "name"):
            assert ours[key] == entry[key], (type, key)
        assert ours["input_order"] | {"required": []} == entry["input_order"] | {"required": []}
        for group in ("required", "optional"):
            for name, declared in entry["input"].get(group, {}).items():
                assert_same_input(ours["input"][group][name], declared)


def assert_same_input(ours, theirs):
    options = dict(theirs[1]) if len(theirs) > 1 else {}
    choices = options.pop("options", theirs[0]) if theirs[0] == "COMBO" else theirs[0]
    options = {k: v for k, v in options.items() if not (k == "forceInput" and v is False)}
    assert ours == [choices if choices != "COMBO" else [], options]


@pytest.mark.skipif(not OBJECT_INFO.exists(), reason="the reference /object_info is not here")
@pytest.mark.parametrize("spec", load_builtin().specs, ids=lambda s: s.type)
def test_builtin_nodes_have_the_interface_of_comfyui(spec):
    """Editor files store values by position, so names, order and types must be those of ComfyUI."""
    theirs = json.loads(OBJECT_INFO.read_text()).get(spec.type)
    if theirs is None:
        pytest.skip("not a core node")
    ours = object_info(spec)
    assert ours["input_order"].get("required") == theirs["input_order"].get("required", [])
    assert ours["input_order"].get("optional") == theirs["input_order"].get("optional")
    for key in ("output", "output_is_list", "output_name", "output_node"):
        assert ours[key] == theirs[key], key
    for group in ("required", "optional"):
        for name, declared in theirs["input"].get(group, {}).items():
            mine = ours["input"][group][name]
            assert isinstance(mine[0], list) == (isinstance(declared[0], list) or declared[0] == "COMBO"), name
            if not isinstance(mine[0], list):
                assert mine[0] == declared[0], name
            for bound in ("min", "max", "default"):
                theirs_bound = (declared[1] if len(declared) > 1 else {}).get(bound)
                assert mine[1].get(bound) == theirs_bound, (name, bound)
