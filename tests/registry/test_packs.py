"""Loading packs: what they define, what they must not leave behind, and what is said when they fail."""

import sys
import textwrap
from importlib.metadata import EntryPoint

import pytest

from graphexec.diagnostics.model import Severity
from graphexec.registry import packs
from graphexec.registry.packs import load_packs, source_digest

NODE = """
class Node:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"x": ("INT", {"default": 0})}}
    RETURN_TYPES = ("INT",)
    FUNCTION = "run"
    def run(self, x):
        return (x,)
NODE_CLASS_MAPPINGS = {"TestNode": Node}
"""


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
        return file

    return write


def codes(provided):
    return [d.code for d in provided.diagnostics]


def test_file_pack(write):
    provided = load_packs([write("pack.py", NODE + 'NODE_DISPLAY_NAME_MAPPINGS = {"TestNode": "A Test"}')])
    (spec,) = provided.specs
    assert (spec.type, spec.display_name, provided.diagnostics) == ("TestNode", "A Test", ())
    assert spec.from_pack and spec.provider.endswith("pack.py")


def test_folder_pack_with_relative_imports(write, tmp_path):
    write("pack/__init__.py", "from .inner.impl import NODE_CLASS_MAPPINGS")
    write("pack/inner/__init__.py", "")
    write("pack/inner/impl.py", NODE)
    provided = load_packs([tmp_path / "pack"])
    assert [s.type for s in provided.specs] == ["TestNode"]


def test_the_same_pack_twice_is_loaded_once(write, tmp_path):
    file = write("pack.py", NODE)
    (tmp_path / "sub").mkdir()
    provided = load_packs([file, tmp_path / "sub" / ".." / "pack.py"])
    assert len(provided.specs) == 1


def test_loading_leaves_path_and_modules_alone(write, tmp_path):
    write(
        "pack/__init__.py",
        "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\nfrom helper_of_pack import *",
    )
    write("pack/helper_of_pack.py", "import sys, types\nsys.modules['planted'] = types.ModuleType('planted')\n" + NODE)
    path, entries, modules = sys.path, list(sys.path), dict(sys.modules)
    provided = load_packs([tmp_path / "pack"])
    assert [s.type for s in provided.specs] == ["TestNode"]
    assert sys.path is path and sys.path == entries
    new = {name for name in sys.modules if name not in modules}
    assert all(name.startswith("_graphexec_pack_pack_") for name in new), new


def test_a_pack_cannot_replace_modules(write):
    import json

    pack = NODE + "import sys, types\nsys.modules['json'] = types.ModuleType('json')\nsys.path = []\n"
    entries = list(sys.path)
    load_packs([write("pack.py", pack)])
    assert sys.modules["json"] is json and sys.path == entries


@pytest.mark.parametrize("name", ["json.py", "graphexec.py", "nodes.py", "torch.py"])
def test_a_pack_named_like_a_module_shadows_nothing(write, name):
    stem = name.removesuffix(".py")
    before = sys.modules.get(stem)
    assert len(load_packs([write(name, NODE)]).specs) == 1
    assert sys.modules.get(stem) is before


def test_modules_from_elsewhere_stay_loaded(write, tmp_path, monkeypatch):
    write("site/library_of_others.py", "")
    monkeypatch.syspath_prepend(tmp_path / "site")
    load_packs([write("packs/pack.py", "import library_of_others\n" + NODE)])
    assert sys.modules.pop("library_of_others")


def test_a_library_beside_the_pack_stays_loaded_when_python_would_find_it(write, tmp_path, monkeypatch):
    write("library_beside.py", "")
    monkeypatch.syspath_prepend(tmp_path)
    load_packs([write("pack.py", "import library_beside\n" + NODE)])
    assert sys.modules.pop("library_beside")


@pytest.mark.parametrize(
    "line",
    [
        "import comfy.samplers",
        "from nodes import MAX_RESOLUTION",
        "import folder_paths",
        "import nodes.loaders",
        "from comfy_execution.graph import ExecutionBlocker",
    ],
)
def test_importing_comfyui_is_one_finding_that_names_the_import(write, line):
    provided = load_packs([write("pack.py", "import os\n" + line + NODE)])
    assert codes(provided) == ["GX502"] and provided.specs == ()
    assert line.split()[1] in provided.diagnostics[0].message and "line 2" in provided.diagnostics[0].message


def test_a_guarded_import_of_comfyui_is_no_mistake(write):
    guarded = "try:\n    import nodes\nexcept ImportError:\n    nodes = None\n" + NODE
    provided = load_packs([write("pack.py", guarded)])
    assert codes(provided) == [] and len(provided.specs) == 1


def test_import_errors_name_cause_and_line(write):
    provided = load_packs([write("pack.py", "x = 1\ny = x / 0\n")])
    assert codes(provided) == ["GX501"]
    assert (
        "ZeroDivisionError" in provided.diagnostics[0].message and "pack.py, line 2" in provided.diagnostics[0].message
    )


def test_missing_library_is_hinted(write):
    (finding,) = load_packs([write("pack.py", "import no_such_library_at_all.part")]).diagnostics
    assert finding.code == "GX501" and "no_such_library_at_all" in finding.hint


@pytest.mark.parametrize("text", ["raise SystemExit(3)", "def broken(:", "x = 1"])
def test_other_failures_are_findings(write, text):
    assert codes(load_packs([write("pack.py", text)])) == ["GX501"]


def test_a_failed_pack_leaves_no_module(write, tmp_path):
    write("pack/__init__.py", "from . import good\nraise ValueError")
    write("pack/good.py", "")
    before = set(sys.modules)
    load_packs([tmp_path / "pack"])
    assert set(sys.modules) == before


def test_missing_paths(tmp_path, write):
    (tmp_path / "empty").mkdir()
    text = write("readme.txt", "")
    assert codes(load_packs([tmp_path / "nowhere.py", tmp_path / "empty", text])) == ["GX501"] * 3


def test_malformed_classes_are_left_out_and_named(write):
    text = NODE + textwrap.dedent("""
        class NoTypes(Node):
            RETURN_TYPES = "INT"
        class NoFunction(Node):
            FUNCTION = "absent"
        class BadInputs(Node):
            @classmethod
            def INPUT_TYPES(cls):
                return {"required": {"x": "INT"}}
        class Raises(Node):
            @classmethod
            def INPUT_TYPES(cls):
                raise KeyError("no")
        NODE_CLASS_MAPPINGS.update(NoTypes=NoTypes, NoFunction=NoFunction, BadInputs=BadInputs, Raises=Raises, Five=5)
    """)
    provided = load_packs([write("pack.py", text)])
    assert [s.type for s in provided.specs] == ["TestNode"]
    assert codes(provided) == ["GX504"] * 5
    assert all(d.severity is Severity.WARNING for d in provided.diagnostics)
    for name, finding in zip(["NoTypes", "NoFunction", "BadInputs", "Raises", "Five"], provided.diagnostics):
        assert name in finding.message


def test_v3_packs_are_refused(write):
    assert codes(load_packs([write("pack.py", "async def comfy_entrypoint(): ...")])) == ["GX502"]


def test_version_follows_the_sources(write, tmp_path):
    write("pack/__init__.py", NODE)
    first = source_digest(tmp_path / "pack")
    write("pack/notes.txt", "no source")
    write("pack/.hidden/x.py", "no source")
    assert source_digest(tmp_path / "pack") == first
    write("pack/other.py", "")
    second = source_digest(tmp_path / "pack")
    write("pack/other.py", "x = 1")
    assert len({first, second, source_digest(tmp_path / "pack")}) == 3


def test_an_edited_pack_is_loaded_anew(write):
    (one,) = load_packs([write("pack.py", NODE)]).specs
    (two,) = load_packs([write("pack.py", NODE.replace('"INT",)', '"FLOAT",)'))]).specs
    assert (one.outputs[0].type, two.outputs[0].type) == ("INT", "FLOAT") and one.version != two.version


def test_entry_points_load_by_name_only(write, tmp_path, monkeypatch):
    write("installed_pack_module.py", NODE)
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("mypack", "installed_pack_module", packs.ENTRY_POINT_GROUP)
    offered = {packs.ENTRY_POINT_GROUP: [point]}
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: offered.get(group, []))
    assert [s.type for s in load_packs(["mypack"]).specs] == ["TestNode"]
    assert load_packs([]).specs == ()
    (finding,) = load_packs(["otherpack"]).diagnostics
    assert finding.code == "GX501" and "mypack" in finding.hint
    del sys.modules["installed_pack_module"]
