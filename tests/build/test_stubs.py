"""The generated functions: the same as the specs say, for the built-in nodes, packs and /object_info."""

import ast
import importlib.util
import json
import sys
from pathlib import Path

import pytest

import graphexec.build.nodes
from graphexec.build import Workflow
from graphexec.build.stubs import files, names
from graphexec.registry.loading import load_registry
from graphexec.registry.object_info import object_info
from tests.cli.program import PACK, call

HOME = Path(graphexec.build.nodes.__file__).parent
REGISTRY = load_registry()


def test_the_shipped_functions_are_those_of_the_specs():
    made = files.built_in(REGISTRY)
    shipped = {path.name: path.read_text() for path in HOME.glob("*.py")}
    assert shipped == made, "run: graphexec nodes stubs --output graphexec/build/nodes"


def test_every_built_in_node_has_a_function_that_makes_it():
    functions = graphexec.build.nodes.__dir__()
    assert len(functions) == len(REGISTRY) > 160
    made = set()
    for name in functions:
        call = getattr(graphexec.build.nodes, name)
        wanted = call.__kwdefaults__
        given = {a: "x" for a in call.__code__.co_varnames[: call.__code__.co_kwonlyargcount] if a not in wanted}
        with Workflow() as wf:
            call(**given)
        (node,) = wf
        spec = REGISTRY.get(node.type)
        made.add(node.type)
        missing = [i.name for i in spec.inputs if i.required and i.name not in node]
        assert missing == [], node.type
        assert {i.name: node[i.name] for i in spec.inputs if i.has_default and i.name in node} == {
            i.name: i.default for i in spec.inputs if i.has_default and i.name in node
        }
    assert made == set(REGISTRY.names())


def test_there_is_no_function_of_another_name():
    with pytest.raises(AttributeError, match="KSampller"):
        graphexec.build.nodes.KSampller  # noqa: B018


def load(path):
    spec = importlib.util.spec_from_file_location(f"stub_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_functions_of_a_pack(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my-pack.py").write_text(PACK)
    ended = call("nodes", "stubs", "--nodes", "my-pack.py", "-o", "stubs")
    assert ended.out == "stubs/my_pack.py\n", ended.err
    m = load(tmp_path / "stubs/my_pack.py")
    with Workflow(nodes=["my-pack.py"]) as wf:
        m.Show(value=m.Step(value=3, seconds=0.0))
    assert wf.check() == []
    result = wf.document.nodes["Show"].inputs["value"]
    assert (result.node, result.output) == ("Step", 0)
    assert call("nodes", "stubs", "--nodes", "my-pack.py", "-o", "stubs").status == 0, "it may replace its own files"
    Path("stubs/my_pack.py").write_text("mine = 1\n")
    ended = call("nodes", "stubs", "--nodes", "my-pack.py", "-o", "stubs")
    assert ended.status == 2 and "was not generated" in ended.err


def test_functions_of_a_server(tmp_path):
    answer = {name: object_info(REGISTRY.get(name)) for name in ("KSampler", "LatentBatch", "Anything Everywhere?")}
    (tmp_path / "info.json").write_text(json.dumps(answer))
    (file,) = files.write(files.of_object_info(tmp_path / "info.json")[0], tmp_path / "out")
    tree = ast.parse(file.read_text())
    assert [f.name for f in tree.body if isinstance(f, ast.FunctionDef)] == [
        "Anything_Everywhere_", "KSampler", "LatentBatch",
    ]  # fmt: skip
    load(file)


def test_a_malformed_entry_is_left_out_with_a_warning(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good = object_info(REGISTRY.get("LatentBatch"))
    Path("info.json").write_text(json.dumps({"A": {"input": {"required": {"x": 3}}}, "B": good}))
    ended = call("nodes", "stubs", "--object-info", "info.json", "-o", "out")
    assert ended.status == 0 and "GX504" in ended.err
    assert [name for name in vars(load(tmp_path / "out/info.py")) if len(name) == 1] == ["B"]


@pytest.mark.parametrize("text", ["[]", "{", '{"A": 1}'])
def test_a_file_that_is_no_object_info(tmp_path, text, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("info.json").write_text(text)
    ended = call("nodes", "stubs", "--object-info", "info.json", "-o", "out")
    assert ended.status == 2 and "info.json" in ended.err


def test_names_are_python_names_and_different():
    assert names.unique(["a b", "a?b", "class", "", "3d", "name"], ("name", "title")) == [
        "a_b", "a_b_2", "class_", "_", "_3d", "name_",
    ]  # fmt: skip
    assert names.field_names(["count", "_hidden", "IMAGE", "IMAGE", "1st"]) == [
        "count_", "hidden", "IMAGE", "IMAGE_2", "_1st",
    ]  # fmt: skip


def test_odd_nodes_become_functions_that_work(tmp_path):
    """Inputs named like arguments of every function, keywords, quotes in texts, outputs of one name."""
    odd = {
        "Odd \"node'": {
            "input": {
                "required": {"name": ["INT", {"default": 3}], "class": ["STRING", {"default": "\"a'\\\n"}]},
                "optional": {"my input": ["MY-TYPE,IMAGE"], "pick": [["a", "b"] * 40, {"default": "b"}]},
            },
            "output": ["INT", "*", "INT"],
            "output_name": ["count", "x", "count"],
            "description": 'Ends with a quote "',
        }
    }
    (tmp_path / "odd.json").write_text(json.dumps(odd))
    (file,) = files.write(files.of_object_info(tmp_path / "odd.json")[0], tmp_path)
    m = load(file)
    with Workflow() as wf:
        made = m.Odd__node_(name_=4)
    assert made._fields == ("count_", "x", "count_2")
    assert dict(wf.document.nodes["Odd \"node'"].inputs) == {"name": 4, "class": "\"a'\\\n", "pick": "b"}
    assert sys.getsizeof(made)
