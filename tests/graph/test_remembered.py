"""The graph of a Document is built once for several runs, and anew when what it was checked against has changed."""

import gc

import pytest

import graphexec
from graphexec.errors import InvalidWorkflow

PACK = """
from pathlib import Path
class Number:
    INPUT_TYPES = classmethod(lambda cls: {"required": {"x": ("INT", {"default": 0})}})
    RETURN_TYPES, FUNCTION = ("INT",), "run"
    def run(self, x):
        return (x,)
class Judged(Number):
    VALIDATE_INPUTS = classmethod(lambda cls, x: Path(__file__).with_name("allowed").exists() or "not allowed")
class Show:
    INPUT_TYPES = classmethod(lambda cls: {"required": {"x": ("*",)}})
    RETURN_TYPES, FUNCTION, OUTPUT_NODE = (), "run", True
    def run(self, x):
        return {}
NODE_CLASS_MAPPINGS = {"RNumber": Number, "RJudged": Judged, "RShow": Show}
"""


@pytest.fixture
def session(tmp_path):
    (tmp_path / "pack.py").write_text(PACK)
    (tmp_path / "input").mkdir()
    return graphexec.Session(
        nodes=[tmp_path / "pack.py"], input=tmp_path / "input", output=tmp_path / "out", cache=None
    )


def document(node_type, **inputs):
    show = {"class_type": "RShow", "inputs": {"x": ["1", 0]}}
    return graphexec.load({"1": {"class_type": node_type, "inputs": inputs}, "2": show})


def test_one_document_is_built_once(session):
    held = document("RNumber", x=1)
    graph = session.plan(held).graph
    assert session.plan(held).graph is graph
    assert session.plan(held, set=None).graph is graph
    assert session.plan(document("RNumber", x=1)).graph is not graph


def test_changes_count(session):
    held = document("RNumber", x=1)
    graph = session.plan(held).graph
    assert session.plan(held, set={"1.x": 2}).graph.nodes["1"].params == {"x": 2}
    assert session.plan(held, targets=["1"]).graph.targets != graph.targets
    assert session.plan(held).graph.nodes["1"].params == {"x": 1}


def test_a_file_that_is_gone_is_reported(session, tmp_path):
    picture = tmp_path / "input" / "a.png"
    picture.write_bytes(b"a picture")
    held = document("LoadImage", image="a.png")
    graph = session.plan(held).graph
    assert session.plan(held).graph is graph
    picture.unlink()
    with pytest.raises(InvalidWorkflow) as caught:
        session.plan(held)
    assert [finding.code for finding in caught.value.diagnostics] == ["GX402"]


def test_nodes_that_judge_their_inputs_are_asked_each_time(session, tmp_path):
    allowed = tmp_path / "allowed"
    allowed.touch()
    held = document("RJudged", x=1)
    session.plan(held)
    allowed.unlink()
    with pytest.raises(InvalidWorkflow, match="not allowed"):
        session.plan(held)


def test_the_graph_goes_with_its_document_and_when_the_session_closes(session):
    held = document("RNumber", x=1)
    session.plan(held)
    assert session._last.of(held) is not None
    session.close()
    assert session._last.of(held) is None
    session.plan(held)
    del held
    gc.collect()
    assert session._last._kept is None
