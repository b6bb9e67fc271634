"""Pictures as workflows: which of their texts counts, and what is wrong with them."""

import json

import pytest

from graphexec.api import Session
from graphexec.document.load import load_source, read
from graphexec.document.locate import locate
from graphexec.errors import InvalidWorkflow
from tests.document.editor.flows import BASIC, flow
from tests.document.pictures.test_containers import png

EMPTY = {"width": 64, "height": 64, "batch_size": 1, "color": 0}
SAVED = {"images": ["8", 0], "filename_prefix": "x"}
PROMPT = {
    "9": {"class_type": "SaveImage", "inputs": SAVED, "is_changed": [float("nan")]},
    "8": {"class_type": "EmptyImage", "inputs": EMPTY},
}
EDITOR = flow(*BASIC)


def picture(folder, **texts):
    path = folder / "picture.png"
    chunks = [(b"tEXt", key.encode() + b"\0" + text.encode()) for key, text in texts.items()]
    path.write_bytes(png((b"IHDR", b"x" * 13), *chunks, (b"IDAT", b"")))
    return path


def read_picture(path):
    source = load_source(path)
    document, found = read(source)
    return source, document, locate(found, source)


def test_the_prompt_counts_and_the_workflow_is_kept(tmp_path):
    path = picture(tmp_path, workflow=json.dumps(EDITOR), prompt=json.dumps(PROMPT))
    source, document, found = read_picture(path)
    assert document.nodes.keys() == {"9", "8"}
    assert document.workflow == EDITOR
    assert (source.name, source.directory, document.partial) == (f"{path}#prompt", str(tmp_path), True)
    assert found == []


def test_a_prompt_alone(tmp_path):
    _, document, _ = read_picture(picture(tmp_path, prompt=json.dumps(PROMPT)))
    assert (document.nodes.keys(), document.workflow) == ({"9", "8"}, None)


@pytest.mark.parametrize("prompt", [None, "", "null"])
def test_a_workflow_alone(tmp_path, prompt):
    texts = {} if prompt is None else {"prompt": prompt}
    source, document, _ = read_picture(picture(tmp_path, workflow=json.dumps(EDITOR), **texts))
    assert source.name.endswith("#workflow")
    assert document.nodes.keys() == {"3", "4", "5", "6", "7", "8", "9"}


def test_an_unusable_prompt_is_reported_and_the_workflow_counts(tmp_path):
    path = picture(tmp_path, workflow=json.dumps(EDITOR), prompt="a cat")
    _, document, found = read_picture(path)
    assert "3" in document.nodes
    assert [(d.code, d.file) for d in found if d.code != "GX123"] == [("GX126", str(path))]


def test_an_unusable_workflow_is_reported_and_the_prompt_counts(tmp_path):
    _, document, found = read_picture(picture(tmp_path, workflow='{"nodes": [}', prompt=json.dumps(PROMPT)))
    assert (document.nodes.keys(), document.workflow) == ({"9", "8"}, None)
    assert [d.code for d in found] == ["GX126"]


@pytest.mark.parametrize(
    ("texts", "code"), [({}, "GX106"), ({"prompt": "x"}, "GX126"), ({"prompt": "[" * 200}, "GX126")]
)
def test_pictures_without_a_workflow(tmp_path, texts, code):
    with pytest.raises(InvalidWorkflow) as caught:
        load_source(picture(tmp_path, **texts))
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_a_damaged_picture(tmp_path):
    path = picture(tmp_path, prompt=json.dumps(PROMPT))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InvalidWorkflow, match="cut off"):
        load_source(path)


def test_outputs_that_the_server_skipped_are_skipped(tmp_path):
    prompt = {**PROMPT, "7": {"class_type": "PreviewImage", "inputs": {}}}
    path = picture(tmp_path, prompt=json.dumps(prompt))
    graph, found = Session(cache=None).build(path)
    assert [target.node for target in graph.targets] == ["9"]
    assert {(d.severity.value, d.code) for d in found if d.node == "7"} == {("warning", "GX225"), ("note", "GX206"),
                                                                         ("note", "GX212")}  # fmt: skip


def test_what_graphexec_writes_it_reads_again(tmp_path):
    with Session(output=tmp_path, cache=None) as session:
        first = session.run(PROMPT)
        (path,) = first.files
        again = session.run(path)
    assert again.executed == ()
    assert read_picture(path)[1].nodes["8"].inputs == EMPTY


def test_findings_point_into_the_text(tmp_path):
    prompt = json.dumps({"8": {"class_type": "EmptyImage", "inputs": {"width": "64"}}}, indent=1)
    _, found = Session(cache=None).build(picture(tmp_path, prompt=prompt))
    wrong = next(d for d in found if d.code == "GX301")
    assert (wrong.span.line, wrong.excerpt.strip()) == (5, '"width": "64"')
