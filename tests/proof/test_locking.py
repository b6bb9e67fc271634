"""`graphexec lock`: what it writes, keeps and removes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import yaml
from blake3 import blake3

from tests.cli.program import call
from tests.proof.conftest import workflow


def lock(project: Path) -> dict:
    return yaml.safe_load((project / "flow.json.lock").read_text())


def test_a_lock_tells_what_went_in_and_what_came_out(project: Path) -> None:
    ended = call("lock", "flow.json")
    assert (ended.status, ended.out) == (0, "flow.json.lock\n"), ended.err
    made = lock(project)
    hills = (project / "input/hills.png").read_bytes()
    assert made["files"] == [
        {
            "folder": "input",
            "name": "hills.png",
            "bytes": len(hills),
            "sha256": hashlib.sha256(hills).hexdigest(),
            "blake3": blake3(hills).hexdigest(),
        }
    ]
    assert made["types"].keys() == {"LoadImage", "Brighten", "SaveImage", "EmptyLatentImage", "SaveLatent"}
    assert made["nodes"]["2"] == {"type": "Brighten", "inputs": {"by": 0.125}, "links": {"image": "1:0"}}
    assert [(o["node"], o["type"], o["expected"]) for o in made["outputs"]] == [
        ("3", "SaveImage", "3-0.png"),
        ("5", "SaveLatent", "5-0.latent"),
    ]
    for output in made["outputs"]:
        content = (project / "flow.json.lock.d" / output["expected"]).read_bytes()
        assert blake3(content).hexdigest() == output["blake3"] and len(content) == output["bytes"]


def test_locking_twice_gives_the_same_bytes_and_writes_nothing_to_the_output_directory(project: Path) -> None:
    call("lock", "flow.json")
    first = (project / "flow.json.lock").read_bytes()
    call("lock", "flow.json")
    assert (project / "flow.json.lock").read_bytes() == first
    assert not (project / "output").exists()


def test_a_lock_holds_no_paths_or_times_of_the_machine(project: Path) -> None:
    call("lock", "flow.json")
    assert str(project) not in (project / "flow.json.lock").read_text()


def test_edited_tolerances_are_kept_and_stale_files_removed(project: Path) -> None:
    call("lock", "flow.json")
    path = project / "flow.json.lock"
    path.write_text(path.read_text().replace("max_error: 0.0", "max_error: 2.5", 1))
    (project / "flow.json.lock.d/note.txt").write_text("mine")
    flow = workflow()
    del flow["4"], flow["5"]
    (project / "flow.json").write_text(json.dumps(flow))
    assert call("lock", "flow.json").status == 0
    assert [o["tolerance"]["max_error"] for o in lock(project)["outputs"]] == [2.5]
    assert sorted(p.name for p in (project / "flow.json.lock.d").iterdir()) == ["3-0.png", "note.txt"]


def test_the_level_of_all_outputs_can_be_given(project: Path) -> None:
    call("lock", "flow.json", "--level", "perceptual")
    assert {o["tolerance"]["level"] for o in lock(project)["outputs"]} == {"perceptual"}
    ended = call("lock", "flow.json", "--level", "exact")
    assert ended.status == 2 and "--level: expected one of bytes, tensors, perceptual, not 'exact'" in ended.err


def test_changes_are_recorded_with_their_types(project: Path) -> None:
    (project / "flow.yaml").write_text(
        "graphexec: 1\nparameters:\n  size: {type: INT, default: 64}\n  name: {type: STRING, default: a}\n"
        "nodes:\n  a: {type: EmptyImage, inputs: {width: {param: size}, height: 8, batch_size: 1, color: 7}}\n"
        "  b: {type: SaveImage, inputs: {images: a.IMAGE, filename_prefix: {param: name}}}\n"
    )
    ended = call("lock", "flow.yaml", "--param", "size=16", "--param", "name=12", "--set", "a.color=9")
    assert ended.status == 0, ended.err
    made = yaml.safe_load((project / "flow.yaml.lock").read_text())
    assert made["changes"] == {"set": {"a.color": 9}, "params": {"size": 16, "name": "12"}}
    assert call("run", "--frozen", "flow.yaml").status == 0
    assert call("run", "--frozen", "flow.yaml", "--param", "size=17").status == 5


def test_ids_of_nodes_become_safe_names(project: Path) -> None:
    (project / "flow.json").write_text(
        json.dumps(
            {
                "../a": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 2, "color": 1}},
                "../b": {"class_type": "SaveImage", "inputs": {"images": ["../a", 0], "filename_prefix": "x"}},
                "///b": {"class_type": "SaveImage", "inputs": {"images": ["../a", 0], "filename_prefix": "x"}},
            }
        )
    )
    assert call("lock", "flow.json").status == 0
    kept = sorted(path.name for path in (project / "flow.json.lock.d").iterdir())
    assert len(kept) == 4 and kept[0].startswith("___b-0") and all("/" not in name for name in kept)


def test_a_failing_workflow_leaves_no_lock_and_does_not_stop_the_others(project: Path) -> None:
    (project / "bad.json").write_text(json.dumps(workflow(n3={"images": ["9", 0]})))
    ended = call("lock", "bad.json", "flow.json")
    assert (ended.status, ended.out) == (1, "flow.json.lock\n") and "GX203" in ended.err
    assert not (project / "bad.json.lock").exists()


def test_standard_input_has_no_place_for_a_lock(project: Path) -> None:
    assert call("lock", "-", input="{}").status == 2


@pytest.mark.parametrize("broken", ["graphexec_lock: 1\n", "][", ""])
def test_a_broken_lock_is_not_written_over(project: Path, broken: str) -> None:
    (project / "flow.json.lock").write_text(broken)
    ended = call("lock", "flow.json")
    assert ended.status == 1 and "flow.json.lock:" in ended.err
    assert (project / "flow.json.lock").read_text() == broken
