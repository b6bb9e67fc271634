"""The verb `convert`: formats by name, what each cannot keep, the proof, and what is written when."""

import json
from pathlib import Path

from graphexec.convert import formats
from graphexec.convert.formats import FORMATS
from tests.cli.program import call
from tests.project.commands import ROOT

HELLO = str(ROOT / "workflows/hello.yaml")


def test_formats_in_a_row(home):
    before = HELLO
    for to, name in (
        ("api", "a.json"),
        ("editor", "e.json"),
        ("yaml", "f.yaml"),
        ("editor", "g.json"),
        ("api", "h.json"),
    ):
        ended = call("convert", before, "--to", to, "-o", name, "--verify")
        assert ended.status == 0 and ended.out == "" and "verified: the graph digest is unchanged" in ended.err
        before = name
    assert json.loads(Path("a.json").read_text()) == json.loads(Path("h.json").read_text())
    assert call("diff", HELLO, "g.json").status == 0


def test_standard_output_and_input(home):
    ended = call("convert", HELLO, "--to", "editor")
    assert json.loads(ended.out)["nodes"]
    back = call("convert", "-", "--to", "yaml", input=ended.out)
    assert back.status == 0 and back.out.startswith("graphexec: 1\n")


def test_parameters(home):
    ended = call("convert", HELLO, "--to", "api", "--param", "prompt=a fox")
    assert "a fox" in [node["inputs"].get("text") for node in json.loads(ended.out).values()]
    assert "note: parameters are written as their values: checkpoint, prompt, size, steps" in ended.err
    assert "parameters:" in call("convert", HELLO, "--to", "yaml").out
    Path("open.yaml").write_text(
        "graphexec: 1\nparameters:\n  n: {type: INT}\nnodes:\n  a: {type: PrimitiveInt, inputs: {value: {param: n}}}\n"
    )
    ended = call("convert", "open.yaml", "--to", "api")
    assert ended.status == 1 and ended.out == "" and "GX307" in ended.err


def test_an_unknown_format_names_the_known_ones(home):
    ended = call("convert", HELLO, "--to", "xml")
    assert ended.status == 2
    assert ended.err == f"error: --to: expected one of {', '.join(f.name for f in FORMATS)}, got 'xml'\n"


def test_targets_that_the_format_cannot_keep_fail_the_proof(home):
    Path("flow.yaml").write_text(
        "graphexec: 1\nnodes:\n  a: {type: PrimitiveInt, inputs: {value: 1}}\ntargets: ['a:INT']\n"
    )
    ended = call("convert", "flow.yaml", "--to", "api", "-o", "a.json")
    assert ended.status == 0 and "note: targets are not kept, so all output nodes are meant: a:INT" in ended.err
    ended = call("convert", "flow.yaml", "--to", "api", "-o", "b.json", "--verify")
    assert ended.status == 4 and not Path("b.json").exists()
    assert "error: as api the workflow would not mean the same" in ended.err and "~ targets: a:0 -> none" in ended.err
    assert call("convert", "flow.yaml", "--to", "editor", "-o", "c.json", "--verify").status == 0


def test_a_writer_with_a_fault_is_caught(home, monkeypatch):
    right = formats.api_text
    monkeypatch.setattr(formats, "api_text", lambda document: right(document).replace("128", "120"))
    ended = call("convert", HELLO, "--to", "api", "-o", "a.json", "--verify")
    assert ended.status == 4 and not Path("a.json").exists()
    assert "width: 128 -> 120" in ended.err
    assert call("convert", HELLO, "--to", "api", "-o", "a.json").status == 0


def test_what_a_format_cannot_say(home):
    Path("a.json").write_text(json.dumps({"a=b": {"class_type": "PrimitiveInt", "inputs": {"value": 1}}}))
    ended = call("convert", "a.json", "--to", "yaml")
    assert ended.status == 2 and "cannot be written as yaml: the id 'a=b' cannot be a name in this form" in ended.err


def test_errors_of_the_file(home):
    Path("a.json").write_text(json.dumps({"a": {"class_type": "PrimitiveInt"}}))
    ended = call("convert", "a.json", "--to", "yaml", "-o", "out.yaml")
    assert ended.status == 1 and "GX107" in ended.err and not Path("out.yaml").exists()


def test_unknown_node_types_are_converted(home):
    Path("a.json").write_text(
        json.dumps(
            {
                "1": {"class_type": "Foreign", "inputs": {"x": 1, "words": "a"}},
                "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 1]}},
            }
        )
    )
    for to in ("api", "yaml", "editor"):
        assert call("convert", "a.json", "--to", to, "--verify").status == 0


def test_a_place_that_cannot_be_written(home):
    ended = call("convert", HELLO, "--to", "api", "-o", "no/such/a.json")
    assert ended.status == 2 and "cannot write no/such/a.json: No such file or directory" in ended.err


def test_schemas_of_other_packs(home):
    schema = {
        "input": {"required": {"a": ["INT", {}], "b": ["STRING", {}]}},
        "output": ["IMAGE"],
        "output_name": ["out"],
    }
    Path("info.json").write_text(json.dumps({"Foreign": schema}))
    node = {"id": 1, "type": "Foreign", "widgets_values": [4, "x"], "inputs": [], "outputs": []}
    Path("flow.json").write_text(json.dumps({"nodes": [node], "links": [], "version": 0.4}))
    ended = call("convert", "flow.json", "--to", "api", "--object-info", "info.json", "--verify")
    assert json.loads(ended.out)["1"]["inputs"] == {"a": 4, "b": "x"} and "GX121" not in ended.err
    assert "GX121" in call("convert", "flow.json", "--to", "api").err
    assert "known only by its schema in info.json" in call("check", "flow.json", "--object-info", "info.json").out
    Path("graphexec.toml").write_text('object-info = "info.json"\n')
    assert "GX121" not in call("convert", "flow.json", "--to", "api").err
    Path("graphexec.toml").write_text('object-info = ["none.json"]\n')
    assert call("check", "flow.json").status == 2


def test_a_workflow_without_nodes_that_run(home):
    node = {"id": 1, "type": "PrimitiveInt", "mode": 2, "widgets_values": [4], "inputs": [], "outputs": []}
    Path("flow.json").write_text(json.dumps({"nodes": [node], "links": [], "version": 0.4}))
    for to in ("api", "editor", "yaml"):
        ended = call("convert", "flow.json", "--to", to, "--verify")
        assert ended.status == 2 and ended.out == "" and "flow.json has no nodes that would run" in ended.err
