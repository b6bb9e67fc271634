"""Editing files from Python: reading, finding, setting, rewiring, and that the rest stays as it was."""

import json
from pathlib import Path

import pytest

from graphexec.api import Session, load
from graphexec.build import Handle, Workflow
from graphexec.build import nodes as n
from graphexec.document.model import Link
from graphexec.errors import InvalidWorkflow, UsageError
from graphexec.graph.identity import graph_digest

FLOW = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a", "clip": ["4", 1]}, "_meta": {"title": "Prompt"}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["4", 0], "positive": ["6", 0], "negative": ["6", 0], "latent_image": ["5", 0], "seed": 1,
            "steps": 20, "cfg": 8.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
        },
    },
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "x"}},
}  # fmt: skip


@pytest.fixture
def wf(tmp_path):
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(FLOW, indent=1))
    return Workflow.from_file(path)


def digest(workflow):
    graph, findings = Session().build(workflow, files_required=False)
    assert graph is not None, findings
    return graph_digest(graph)


def test_an_unchanged_file_stays_the_same(wf, tmp_path):
    assert json.loads(wf.save(tmp_path / "copy.json").read_text()) == FLOW
    assert digest(wf.document) == digest(FLOW) == digest(load(wf.save(tmp_path / "copy.yaml")))


def test_inputs_are_read_and_set(wf):
    assert wf["3"].steps == 20
    assert isinstance(wf["3"].model, Handle) and wf["3"].model.node is wf["4"]
    wf["3"].steps = 30
    wf["3"].model = wf["4"].out("MODEL")
    assert wf.document.nodes["3"].inputs["steps"] == 30
    assert wf.document.nodes["3"].inputs["model"] == Link("4", "MODEL")
    assert not [d for d in wf.check() if d.severity == "error"]
    with pytest.raises(AttributeError, match="no value for an input 'stepz'"):
        wf["3"].stepz  # noqa: B018


def test_fields_of_a_node_are_not_inputs(wf):
    wf["3"].title = "Sampler"
    wf["3"].meta = {"graphexec": {"continuation": "exact"}}
    decl = wf.document.nodes["3"]
    assert decl.title == "Sampler" and "title" not in decl.inputs and decl.meta["graphexec"]
    with pytest.raises(AttributeError, match=r'node\["type"\]'):
        wf["3"].type = "sd1"
    wf["3"]["type"] = "sd1"
    assert wf["3"]["type"] == "sd1" and wf["3"].type == "KSampler"


def test_find(wf):
    assert [x.id for x in wf.find("KSampler*")] == ["3"]
    assert [x.id for x in wf.find(title="P*")] == ["6"]
    assert len(wf.find()) == len(wf) == 6


def test_findings_stand_in_the_file_where_the_file_is_wrong_and_in_python_where_the_program_is(tmp_path):
    flow = json.loads(json.dumps(FLOW))
    flow["3"]["inputs"]["steps"] = -1
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(flow, indent=1))
    wf = Workflow.from_file(path)
    wf["5"].width = "wide"
    found = {d.input: d for d in wf.check() if d.severity == "error"}
    assert found["steps"].file == str(path) and found["steps"].excerpt.strip() == '"steps": -1,'
    assert (
        Path(found["width"].file).name == "test_editing.py"
        and found["width"].excerpt.strip() == 'wf["5"].width = "wide"'
    )


def test_insert_puts_a_node_between(wf):
    made = wf.insert(wf["4"].out("MODEL"), lambda model: n.LoraLoaderModelOnly(model=model, lora_name="a.safetensors"))
    assert wf["3"].model.node is made.node
    assert wf[made.node.id].model.node is wf["4"]
    assert wf["6"].clip.node is wf["4"], "other outputs stay"


def test_replace_and_remove(wf):
    with wf:
        image = n.LoadImage(image="a.png")
        latent = n.VAEEncode(pixels=image.IMAGE, vae=wf["4"].out("VAE"))
    wf.replace(wf["5"].out(), latent)
    assert wf["3"].latent_image.node.type == "VAEEncode"
    wf.remove(wf["5"])
    assert not [d for d in wf.check() if d.severity == "error"]
    wf.remove(wf["4"])
    assert {d.code for d in wf.check() if d.severity == "error"} == {"GX203"}
    with pytest.raises(UsageError, match="by an output"):
        wf.replace(latent, wf["3"])


def test_a_node_is_replaced_with_all_its_outputs(wf):
    with wf:
        base = n.CheckpointLoaderSimple(ckpt_name="other.safetensors")
    wf.replace(wf["4"], base.MODEL.node)
    wf.remove(wf["4"])
    assert {wf["3"].model.node.id, wf["6"].clip.node.id, wf["8"].vae.node.id} == {"CheckpointLoaderSimple"}
    assert not [d for d in wf.check() if d.severity == "error"]


def test_targets_follow(wf):
    wf.target(wf["8"].out(), wf["5"])
    with wf:
        other = n.VAEDecodeTiled(samples=wf["3"].out(), vae=wf["4"].out("VAE"))
    wf.replace(wf["8"].out(), other)
    wf.remove(wf["5"])
    assert [(t.node, t.output) for t in wf.document.targets] == [("VAEDecodeTiled", 0)]


def test_a_removed_input_is_missed(wf):
    del wf["3"]["model"]
    (found,) = [d for d in wf.check() if d.severity == "error"]
    assert (found.code, found.input) == ("GX206", "model") and found.file.endswith("flow.json")


def test_a_broken_file_is_refused(tmp_path):
    (tmp_path / "x.json").write_text('{"1": {"class_type": 3}}')
    with pytest.raises(InvalidWorkflow):
        Workflow.from_file(tmp_path / "x.json")
