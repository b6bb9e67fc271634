"""The verb `models`: lists, hashes, and what a workflow needs."""

import hashlib
import json
from pathlib import Path

import pytest
from blake3 import blake3

from tests.cli.program import call, workflow

URL = "https://example.org/models/resolve/main/base%20model.safetensors"
PROMPT = "a fox, embedding:style and (embedding:gone:1.2)"


SHIPPED = {"shapes.safetensors", "gray-shapes.safetensors"}


@pytest.fixture
def models(home):
    for name in ("checkpoints/sub/base model.safetensors", "loras/style_v2.safetensors", "embeddings/style.pt"):
        path = home / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return home


NODES = {
    "4": ("CheckpointLoaderSimple", {"ckpt_name": "base model.safetensors"}),
    "5": (
        "LoraLoader",
        {"model": ["4", 0], "clip": ["4", 1], "lora_name": "style_v1.safetensors", "strength_model": 1.0},
    ),
    "6": ("CLIPTextEncode", {"clip": ["5", 1], "text": PROMPT}),
    "7": ("LoadImage", {"image": "hills.png"}),
    "8": ("Foreign", {"weights": "deep/other.gguf.safetensors", "words": "no file"}),
}


def test_need(models):
    ended = call("models", "need", workflow(models / "flow.json", NODES), "--models", "models")
    assert ended.status == 1
    assert ended.lines == [
        "missing  checkpoints/base model.safetensors",
        "    for node 4 (CheckpointLoaderSimple): ckpt_name",
        "    looked in models/checkpoints, output/checkpoints",
        '    nearest: "sub/base model.safetensors"',
        "missing  loras/style_v1.safetensors",
        "    for node 5 (LoraLoader): lora_name",
        "    looked in models/loras, output/loras",
        '    nearest: "style_v2.safetensors"',
        "present  embeddings/style",
        "    for node 6 (CLIPTextEncode): text",
        "    at models/embeddings/style.pt",
        "missing  embeddings/gone",
        "    for node 6 (CLIPTextEncode): text",
        "    looked in models/embeddings",
        "present  input/hills.png",
        "    for node 7 (LoadImage): image",
        "    at input/hills.png",
        *ended.lines[17:],
    ]
    assert ended.lines[17:19] == [
        "missing  (some folder)/deep/other.gguf.safetensors",
        "    for node 8 (Foreign): weights",
    ]


def test_everything_is_there(models):
    nodes = {"4": ("CheckpointLoaderSimple", {"ckpt_name": "sub\\base model.safetensors"})}
    assert call("models", "need", workflow(models / "flow.json", nodes), "--models", "models").status == 0


def test_json_names_all_uses(models):
    nodes = {id: ("CheckpointLoaderSimple", {"ckpt_name": "x.ckpt"}) for id in ("1", "2")}
    ended = call("models", "need", workflow(models / "flow.json", nodes), "--models", "models", "--format", "json")
    (entry,) = json.loads(ended.out)
    assert [use["id"] for use in entry["nodes"]] == ["1", "2"] and entry["present"] is False
    assert entry["looked_in"] == ["models/checkpoints", "output/checkpoints"] and entry["url"] is None


def test_what_the_editor_records(models):
    node = {
        "id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["base model.safetensors"], "inputs": [],
        "outputs": [], "properties": {"models": [
            {"name": "base model.safetensors", "url": URL, "directory": "checkpoints",
             "hash": "ab", "hash_type": "SHA256"},
        ]},
    }  # fmt: skip
    Path("flow.json").write_text(json.dumps({"nodes": [node], "links": [], "version": 0.4}))
    ended = call("models", "need", "flow.json", "--models", "models")
    assert f"    the workflow says: {URL}" in ended.lines and "    SHA256: ab" in ended.lines


def test_addresses_in_notes_and_comments(models):
    note = {
        "id": 1,
        "type": "MarkdownNote",
        "widgets_values": [f"get it\n- [here]({URL})\n"],
        "inputs": [],
        "outputs": [],
    }
    node = {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["base model.safetensors"], "inputs": []}
    Path("flow.json").write_text(json.dumps({"nodes": [note, {**node, "outputs": []}], "links": [], "version": 0.4}))
    assert f"    the workflow says: {URL}" in call("models", "need", "flow.json").lines
    Path("flow.yaml").write_text(
        f"# from {URL}.\ngraphexec: 1\nnodes:\n  a:\n    type: CheckpointLoaderSimple\n"
        "    inputs: {ckpt_name: base model.safetensors}\n"
    )
    assert f"    the workflow says: {URL}" in call("models", "need", "flow.yaml").lines


def test_without_models_directories(home):
    ended = call("models", "need", workflow(home / "flow.json", {"4": NODES["4"]}))
    assert ended.lines[2:] == ["    no models directory was given (--models)"]


def test_a_node_that_is_not_implemented_by_the_folder_that_the_file_records(models):
    node = {
        "id": 4, "type": "Foreign", "widgets_values": ["style_v2.safetensors"], "outputs": [],
        "inputs": [{"name": "w", "type": "COMBO", "widget": {"name": "w"}, "link": None}],
        "properties": {"models": [{"name": "style_v2.safetensors", "url": URL, "directory": "loras"}]},
    }  # fmt: skip
    Path("flow.json").write_text(json.dumps({"nodes": [node], "links": [], "version": 0.4}))
    ended = call("models", "need", "flow.json", "--models", "models")
    assert ended.status == 0 and ended.lines[0] == "present  loras/style_v2.safetensors"


def test_hostile_names_are_shown_safely(models):
    nodes = {"4": ("CheckpointLoaderSimple", {"ckpt_name": "../\x1b[31m.ckpt"})}
    ended = call("models", "need", workflow(models / "flow.json", nodes), "--models", "models")
    assert ended.status == 1 and "\x1b" not in ended.out


def test_list(models):
    lines = call("models", "list", "--models", "models").lines
    assert [line for line in lines if line.split("\t")[1] not in SHIPPED][:2] == [
        "checkpoints\tsub/base model.safetensors\t38", "embeddings\tstyle.pt\t19",
    ]  # fmt: skip
    only = json.loads(call("models", "list", "loras", "--models", "models", "--format", "json").out)
    assert [entry for entry in only if entry["name"] not in SHIPPED] == [
        {"folder": "loras", "name": "style_v2.safetensors", "bytes": 26, "path": "models/loras/style_v2.safetensors"}
    ]
    listed = {line.split("\t")[1] for line in lines}
    assert listed >= SHIPPED, "what comes with the package can be named, so it is listed"
    assert call("models", "list", "nosuch", "--models", "models").status == 2


def test_extra_model_paths(models):
    Path("extra_model_paths.yaml").write_text("a:\n  base_path: models\n  loras: |\n    checkpoints/sub\n    loras\n")
    listed = call("models", "list", "loras", "--models", "extra_model_paths.yaml").lines
    names = [line.split("\t")[1] for line in listed]
    assert [name for name in names if name not in SHIPPED] == ["base model.safetensors", "style_v2.safetensors"]


@pytest.mark.parametrize("name", ["loras/style_v2.safetensors", "models/loras/style_v2.safetensors"])
def test_hash(models, name):
    (entry,) = json.loads(call("models", "hash", name, "--models", "models", "--format", "json").out)
    content = b"loras/style_v2.safetensors"
    sha256 = hashlib.sha256(content).hexdigest()
    assert (entry["sha256"], entry["autov2"]) == (sha256, sha256[:10]) and entry["blake3"] == blake3(
        content
    ).hexdigest()
    assert f"  autov2  {sha256[:10]}" in call("models", "hash", name, "--models", "models").lines
    assert call("models", "hash", "loras/none.safetensors", "--models", "models").status == 2
