"""`@graphexec.node`: what annotations become, mistakes as findings, versions in keys, and runs by file and name."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import pytest

import graphexec
from graphexec.api import Session
from graphexec.errors import RunFailed
from graphexec.registry.functions import NodeFunction
from graphexec.registry.loading import load_registry
from graphexec.registry.notation import Malformed
from graphexec.types import Context, File, Image, Mask, Range, Socket


class Thing:
    """A value of the pack's own."""


class Parts(NamedTuple):
    """Two outputs with names."""

    colours: Image
    alpha: Mask


@graphexec.node(category="test", name="Every kind")
def every_kind(
    image: Image,
    count: Annotated[int, Range(1, 10)] = 2,
    ratio: Annotated[float, Range(0.0, 1.0, step=0.1)] = 0.5,
    text: str = "x",
    on: bool = False,
    mode: Literal["a", "b"] = "b",
    lora: Annotated[str, File("loras")] = "l.safetensors",
    thing: Annotated[Thing, Socket("THING")] | None = None,
    anything: Any = 3,
    *,
    context: Context,
) -> Parts:
    """Say what it does."""
    raise AssertionError


def test_annotations_become_inputs_and_outputs():
    spec = every_kind.spec
    told = {i.name: (i.type, i.required, i.default, i.min, i.max, i.choices, i.folder) for i in spec.inputs}
    assert told == {
        "image": ("IMAGE", True, None, None, None, (), None),
        "count": ("INT", True, 2, 1, 10, (), None),
        "ratio": ("FLOAT", True, 0.5, 0.0, 1.0, (), None),
        "text": ("STRING", True, "x", None, None, (), None),
        "on": ("BOOLEAN", True, False, None, None, (), None),
        "mode": ("COMBO", True, "b", None, None, ("a", "b"), None),
        "lora": ("COMBO", True, "l.safetensors", None, None, (), "loras"),
        "thing": ("THING", False, None, None, None, (), None),
        "anything": ("*", True, 3, None, None, (), None),
    }
    assert [(o.name, o.type) for o in spec.outputs] == [("colours", "IMAGE"), ("alpha", "MASK")]
    assert (spec.type, spec.category, spec.description) == ("Every kind", "test", "Say what it does.")
    assert dict(spec.input("ratio").options) == {"step": 0.1}


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, [("INT", "INT", False)]),
        (tuple[int, Image], [("INT", "INT", False), ("IMAGE", "IMAGE", False)]),
        (list[Image], [("IMAGE", "IMAGE", True)]),
        (Any, [("*", "*", False)]),
        (None, []),
    ],
)
def test_return_annotations(annotation, expected):
    def f():
        raise AssertionError

    f.__annotations__["return"] = annotation
    spec = graphexec.node(f).spec
    assert [(o.name, o.type, o.is_list) for o in spec.outputs] == expected
    assert spec.output_node == spec.always_runs == (not expected)


def bare(x) -> int: ...
def no_return(x: int): ...
def stranger(x: Thing) -> int: ...
def returns_stranger(x: int) -> Thing: ...
def many(*x: int) -> int: ...
def none(x: int = None) -> int: ...  # noqa: RUF013
def lost(x: "Nowhere") -> int: ...  # noqa: F821
def default_image(x: Image = 3) -> int: ...


@pytest.mark.parametrize("function", [bare, no_return, stranger, returns_stranger, many, none, lost, default_image])
def test_mistakes_are_findings(function):
    made = graphexec.node(function)
    with pytest.raises(Malformed):
        made.spec  # noqa: B018
    registry = load_registry([made])
    assert [d.code for d in registry.diagnostics] == ["GX504"]
    assert function.__name__ in registry.diagnostics[0].message and function.__name__ not in registry


def test_called_outside_of_a_workflow_it_is_the_function():
    @graphexec.node
    def Twice(x: int) -> int:
        """Double."""
        return 2 * x

    assert isinstance(Twice, NodeFunction) and Twice(4) == 8 and Twice(x=1) == 2
    assert Twice.__doc__ == "Double." and Twice.__name__ == "Twice"


PACK = """
import graphexec
from typing import Annotated
from graphexec.types import Range

SHOWN = []

@graphexec.node
def Twice(x: Annotated[int, Range(0, 100)] = 1) -> int:
    return FACTOR * x

@graphexec.node
async def Later(x: int, y: int | None = None) -> tuple[int, int]:
    return x + (y or 0), Twice(x)

@graphexec.node
def Show(x: int) -> None:
    SHOWN.append(x)

@graphexec.node
def Wrong(x: int) -> tuple[int, int]:
    return x

FACTOR = 2
"""
FLOW = {
    "1": {"class_type": "Twice", "inputs": {"x": 4}},
    "2": {"class_type": "Later", "inputs": {"x": ["1", 0]}},
    "3": {"class_type": "Show", "inputs": {"x": ["2", 1]}},
}


@pytest.fixture
def pack(tmp_path):
    path = tmp_path / "pack.py"
    path.write_text(PACK)
    return path


def test_files_use_functions_of_a_pack_by_name(pack):
    with Session(nodes=[pack]) as session:
        result = session.run(FLOW, targets=["2:0", "2:1", "3"])
        assert (result.value("2", 0), result.value("2", 1)) == (8, 16)
        assert set(result.executed) == {"1", "2", "3"}
        again = session.run(FLOW, targets=["2:0", "3"])
        assert again.executed == ("3",), "an output node runs on every run"
        with pytest.raises(RunFailed, match="returned int instead of a tuple of 2"):
            session.run({"1": {"class_type": "Wrong", "inputs": {"x": 1}}}, targets=["1"])


def test_what_is_wrong_with_their_inputs_is_found(pack):
    found = graphexec.check({"1": {"class_type": "Twice", "inputs": {"x": 101}}}, nodes=[pack], targets=["1"])
    assert [d.code for d in found] == ["GX303"]


def keys(pack, flow=FLOW):
    with Session(nodes=[pack]) as session:
        return {step.node.id: step.key for step in session.plan(flow, targets=["2"]).steps}


def test_the_source_is_part_of_the_key_unless_a_version_is_given(pack):
    one = keys(pack)
    assert keys(pack) == one
    pack.write_text(PACK.replace("FACTOR = 2", "FACTOR = 3"))
    assert keys(pack)["1"] != one["1"]
    versioned = PACK.replace("@graphexec.node\ndef Twice", "@graphexec.node(version='1')\ndef Twice")
    pack.write_text(versioned)
    first = keys(pack)
    pack.write_text(versioned + "# a comment\n")
    assert keys(pack)["1"] == first["1"]
    pack.write_text(versioned.replace("version='1'", "version='2'"))
    assert keys(pack)["1"] != first["1"]


def test_a_function_without_source_needs_a_version():
    names = {"graphexec": graphexec}
    text = "def F(x: int) -> int:\n    return x\n"
    exec(text, names)
    assert [d.code for d in load_registry([graphexec.node(names["F"])]).diagnostics] == ["GX504"]
    assert "F" in load_registry([graphexec.node(version="1")(names["F"])])


def test_the_entry_point_of_a_package_may_hold_functions(tmp_path, pack):
    info = tmp_path / "twice-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: twice\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[graphexec.nodes]\ntwice = pack\n")
    probe = f"import graphexec, json; print(graphexec.check(json.loads({json.dumps(FLOW)!r}), nodes=['twice']))"
    ended = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, env={"PYTHONPATH": f"{tmp_path}:{Path.cwd()}"}
    )
    assert ended.stdout == "[]\n", ended.stderr


def test_types_are_seen_by_the_engine_without_tensors():
    ended = subprocess.run(
        [sys.executable, "-c", "import graphexec, graphexec.types, sys; graphexec.node; print('torch' in sys.modules)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ended.stdout == "False\n"
