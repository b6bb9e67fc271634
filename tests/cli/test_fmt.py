"""The verb `fmt`: in place, atomically, only where it changes anything; and a check for CI."""

from pathlib import Path

import pytest

from tests.cli.program import call

UGLY = "graphexec:   1\nnodes:\n  'a': {type: PrimitiveInt, inputs: {value: 3}}   # three\n"
PRETTY = "graphexec: 1\nnodes:\n  a:  # three\n    type: PrimitiveInt\n    inputs:\n      value: 3\n"


def test_in_place(home):
    Path("a.yaml").write_text(UGLY)
    Path("b.yaml").write_text(PRETTY)
    Path("a.yaml").chmod(0o640)
    before = Path("b.yaml").stat()
    ended = call("fmt", "a.yaml", "b.yaml")
    assert (ended.status, ended.out, ended.err) == (0, "a.yaml\n", "")
    assert Path("a.yaml").read_text() == PRETTY and Path("a.yaml").stat().st_mode & 0o777 == 0o640
    assert Path("b.yaml").stat().st_mtime_ns == before.st_mtime_ns, "what is right is not written"
    assert sorted(path.name for path in home.glob("*.yaml*")) == ["a.yaml", "b.yaml"]


def test_check_writes_nothing(home):
    Path("a.yaml").write_text(UGLY)
    ended = call("fmt", "--check", "a.yaml")
    assert (ended.status, ended.out) == (1, "a.yaml\n") and Path("a.yaml").read_text() == UGLY
    Path("a.yaml").write_text(PRETTY)
    assert call("fmt", "--check", "a.yaml").status == 0


def test_standard_input(home):
    assert call("fmt", "-", input=UGLY).out == PRETTY


def test_links_are_followed(home):
    Path("a.yaml").write_text(UGLY)
    Path("link.yaml").symlink_to("a.yaml")
    assert call("fmt", "link.yaml").status == 0
    assert Path("link.yaml").is_symlink() and Path("a.yaml").read_text() == PRETTY


def test_what_cannot_be_formatted_is_left_alone(home):
    Path("anchors.yaml").write_text("graphexec: 1\nnodes:\n  a: &a {type: PrimitiveInt, inputs: {value: 1}}\n  b: *a\n")
    Path("wrong.yaml").write_text("graphexec: 1\nnodes: {a: 3}\n")
    Path("fine.yaml").write_text(UGLY)
    ended = call("fmt", "anchors.yaml", "wrong.yaml", "fine.yaml")
    assert ended.status == 1 and ended.out == "fine.yaml\n"
    assert "error: anchors.yaml is left as it is: it has anchors" in ended.err and "GX107" in ended.err


OTHERS = ['{"1": {"class_type": "PrimitiveInt", "inputs": {"value": 1}}}', "a:\n  class_type: X\n  inputs: {}\n"]


@pytest.mark.parametrize("text", OTHERS)
def test_other_forms_are_refused(home, text):
    Path("a.json" if text[0] == "{" else "a.yaml").write_text(text)
    ended = call("fmt", "a.json" if text[0] == "{" else "a.yaml")
    assert ended.status == 2 and "`convert --to yaml` makes it so" in ended.err
