"""The content of run.json."""

import dataclasses
import json
import subprocess
import sys
from datetime import UTC, datetime

import graphexec
from graphexec.document.model import Document, NodeDecl, Source
from graphexec.execute.result import Failure, Result
from graphexec.graph.model import Edge, Graph, GraphNode
from graphexec.hashing import digest_bytes
from graphexec.ports import Policy
from graphexec.registry.authoring import Choice, File, Int, Socket
from graphexec.registry.spec import NodeSpec
from graphexec.report.place import PlacedFile
from graphexec.report.run_json import Told, describe, to_json
from graphexec.report.versions import versions
from graphexec.store.journal import Journal


def spec(type, *inputs):
    return NodeSpec(type=type, inputs=inputs, outputs=(), function=None, provider="test")


LOADER = spec("Loader", File("ckpt_name", "checkpoints", extra=("none",)), Choice("mode", ("a", "b")))
SAMPLER = spec("Sampler", Socket("model", "MODEL"), Int("seed", 0, control_after_generate=True), Int("steps", 20))
NODES = {
    "1": GraphNode("1", LOADER, {"ckpt_name": "a.safetensors", "mode": "a"}, {}),
    "2": GraphNode("2", SAMPLER, {"seed": 2**64 - 1, "steps": 4}, {"model": Edge("1", 0)}),
    "3": GraphNode("3", SAMPLER, {"steps": 4}, {"model": Edge("1", 0), "seed": Edge("2", 0)}),
    "4": GraphNode("4", LOADER, {"ckpt_name": "none", "mode": "b"}, {}),
}
DECLARED = {id: NodeDecl(id, node.spec.type, {}, (id,)) for id, node in NODES.items()}
GRAPH = Graph(Document(Source("flow.json", "{}", "json"), DECLARED), NODES, ("1", "4", "2", "3"), ())

POLICY = Policy(hardware="x86_64", large_dtype="bf16", torch="2.13.0+cpu")


def report(tmp_path, **how):
    file = tmp_path / "a.png"
    file.write_bytes(b"content")
    return describe(
        GRAPH,
        Result(
            executed=("1",),
            reused=("4",),
            failures=(Failure("2", "Sampler", "no", {}, ValueError(), False),),
            blocked=("3",),
            seconds={"1": 0.25},
        ),
        Told(
            status="failed",
            policy=POLICY,
            started=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
            seconds=1.5,
            digests={("checkpoints", "a.safetensors"): "ab12"},
            files=(PlacedFile("9", file, "", "images", "image/png", True),),
        ),
        **how,
    )


def test_says_what_became_of_each_node(tmp_path):
    said = {node["id"]: (node["status"], node["seconds"], node["message"]) for node in report(tmp_path)["nodes"]}
    assert said == {
        "1": ("executed", 0.25, None),
        "4": ("reused", None, None),
        "2": ("failed", None, "no"),
        "3": ("blocked", None, None),
    }
    assert report(tmp_path)["counts"] == {"executed": 1, "reused": 1, "failed": 1, "blocked": 1}


def test_a_brief_one_lists_only_what_failed(tmp_path):
    whole, brief = report(tmp_path), report(tmp_path, brief=True)
    assert [node["id"] for node in brief["nodes"]] == ["2"] and brief["graph"] is None
    assert brief == whole | {"nodes": brief["nodes"], "graph": None}


def test_the_journal_has_a_brief_one_of_large_workflows(tmp_path, monkeypatch):
    flow = {str(n): {"class_type": "PrimitiveInt", "inputs": {"value": n}} for n in range(4)}
    with graphexec.Session(cache=tmp_path) as session:
        for most, nodes in ((4, 4), (3, 0)):
            monkeypatch.setattr("graphexec.report.entry.MOST_NODES", most)
            result = session.run(flow, targets=list(flow))
            kept = json.loads(Journal(tmp_path).report(result.report["run"]))
            assert len(kept["nodes"]) == nodes and sum(kept["counts"].values()) == len(result.report["nodes"]) == 4


def test_lists_seeds_models_and_files(tmp_path):
    made = report(tmp_path)
    assert made["seeds"] == {"2.seed": 2**64 - 1}
    assert [(m["node"], m["name"], m["digest"]) for m in made["models"]] == [("1", "a.safetensors", "ab12")]
    assert [(f["digest"], f["unchanged"]) for f in made["files"]] == [(digest_bytes(b"content"), True)]


def test_is_json_with_exact_seeds_and_a_zone(tmp_path):
    data = json.loads(to_json(report(tmp_path)))
    assert data["seeds"]["2.seed"] == 2**64 - 1
    assert datetime.fromisoformat(data["started"]) == datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    assert data["policy"] == dataclasses.asdict(POLICY)


def test_versions_without_importing_anything_numeric():
    program = (
        "import sys; from graphexec.report.versions import versions; import graphexec.report.place; v = versions();"
        "print(v['torch'], *[m for m in ('torch', 'numpy', 'PIL', 'safetensors') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert out == [versions()["torch"]]
