"""`run --frozen`: planted drift of every kind is refused and named, all at once, at its place in the lock."""

from __future__ import annotations

import importlib.metadata
import json
import re
from pathlib import Path

import pytest

from tests.cli.program import call, program
from tests.cli.test_startup import imported
from tests.proof.conftest import workflow
from workflows.tiny_checkpoint import Size, write


@pytest.fixture
def locked(project: Path) -> Path:
    assert call("lock", "flow.json").status == 0
    return project


def drifted(*arguments: str) -> list[str]:
    """Return the drift that is named, as `place CODE: message`."""
    ended = call("run", "--frozen", "flow.json", *arguments)
    assert (ended.status, ended.out) == (5, ""), ended.err
    return re.findall(r"^flow\.json\.lock:\S+ (?:error|warning) GX91\d: .*", ended.err, re.MULTILINE)


def change(project: Path, **changes) -> None:
    (project / "flow.json").write_text(json.dumps(workflow(**changes)))


def test_an_unchanged_workflow_runs(locked: Path) -> None:
    ended = call("run", "--frozen", "flow.json")
    assert (ended.status, ended.err) == (0, "") and "output/bright_00001_.png" in ended.lines


def test_without_a_lock_nothing_is_frozen(project: Path) -> None:
    ended = call("run", "--frozen", "flow.json")
    assert ended.status == 1 and "GX902" in ended.err and not (project / "output").exists()


def test_other_ids_and_order_are_no_drift(locked: Path) -> None:
    text = json.dumps(dict(reversed(workflow().items()))).replace('"1"', '"first"')
    (locked / "flow.json").write_text(text)
    assert call("run", "--frozen", "flow.json").status == 0


def test_a_changed_value_is_named_with_both_values_and_its_line(locked: Path) -> None:
    change(locked, n2={"by": 0.25})
    (said,) = drifted()
    line = next(
        n for n, text in enumerate((locked / "flow.json.lock").read_text().splitlines(), 1) if "by: 0.125" in text
    )
    assert said.startswith(f"flow.json.lock:{line}:")
    assert said.endswith("GX911: node 2 (Brighten): by was 0.125, is now 0.25")


def test_all_drift_is_named_at_once(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(locked, n2="Touch", n4={"width": 128})
    with (locked / "input/hills.png").open("ab") as file:
        file.write(b"x")
    (locked / "pack.py").write_text((locked / "pack.py").read_text() + "\n# another version\n")
    real = importlib.metadata.version
    monkeypatch.setattr(
        "graphexec.report.versions._installed", lambda n: "9.9" if n in ("torch", "safetensors") else real(n)
    )
    said = drifted("--device", "cpu", "--noise", "comfyui-0.5")
    messages = sorted(line.split(" ", 1)[1] for line in said)
    sizes = (locked / "input/hills.png").stat().st_size
    assert messages == sorted([
        "error GX911: node 2 (Brighten) is now of type Touch",
        "error GX911: node 4 (EmptyLatentImage): width was 64, is now 128",
        f"error GX912: input/hills.png has other content than the locked file ({sizes - 1} bytes, now {sizes})",
        'error GX914: policy noise was "comfyui", is now "comfyui-0.5"',
        f'error GX915: version of torch was "{real("torch")}", is now "9.9"',
        f'warning GX915: version of safetensors was "{real("safetensors")}", is now "9.9"',
    ])  # fmt: skip
    assert len({line.split()[0] for line in said}) == len(said)


def test_another_number_of_threads_is_a_warning(locked: Path) -> None:
    """It changes the last digits, which `verify` judges; another machine than that of the lock may render."""
    ended = call("run", "--frozen", "flow.json", "--threads", "7")
    assert ended.status == 0 and re.search(r'warning GX914: policy threads was "\d+", is now "7"', ended.err)


def test_a_budget_for_models_is_locked_when_it_is_set(project: Path) -> None:
    """It decides what is decoded in tiles, which changes pictures."""
    assert call("lock", "flow.json").status == 0
    assert "memory" not in (project / "flow.json.lock").read_text()
    assert drifted("--memory", "1GB")[0].endswith('error GX914: policy memory was not there, is now "1000000000"')
    assert call("lock", "flow.json", "--memory", "1GB").status == 0
    assert call("run", "--frozen", "flow.json", "--memory", "1GB").status == 0
    assert "error GX914: policy memory was" in drifted()[0]


def test_another_version_of_a_pack_is_drift(locked: Path) -> None:
    (locked / "pack.py").write_text((locked / "pack.py").read_text().replace("VERSION = 1", "VERSION = 2"))
    (said,) = drifted()
    assert "error GX913: node type Brighten was" in said


def test_one_byte_of_a_file_is_drift(locked: Path) -> None:
    path = locked / "input/hills.png"
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    (said,) = drifted()
    assert "error GX912: input/hills.png has other content than the locked file (of the same size)" in said


def test_one_byte_of_a_model_is_drift(project: Path) -> None:
    model = project / "models/checkpoints/tiny.safetensors"
    write(model, Size())
    nodes = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "a house, embedding:style", "clip": ["1", 1]}},
        "3": {"class_type": "VAEDecode", "inputs": {"samples": ["4", 0], "vae": ["1", 2]}},
        "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
        "5": {"class_type": "SaveImage", "inputs": {"images": ["3", 0], "filename_prefix": "x"}},
    }
    (project / "flow.json").write_text(json.dumps(nodes))
    assert call("lock", "flow.json").status == 0
    assert call("run", "--frozen", "flow.json").status == 0
    with model.open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)[0]
        file.seek(-1, 2)
        file.write(bytes([last ^ 1]))
    (said,) = drifted()
    assert "error GX912: checkpoints/tiny.safetensors has other content than the locked file (of the same size)" in said


@pytest.mark.slow
def test_a_frozen_run_of_what_is_cached_imports_no_tensors(project: Path) -> None:
    flow = workflow(n2="ImageInvert", n4={"width": 128})
    del flow["2"]["inputs"]["by"]
    (project / "flow.json").write_text(json.dumps(flow))
    cache = ("--cache", str(project / "cache"), "--device", "cpu")
    assert program("lock", "flow.json", *cache, cwd=project).status == 0
    assert imported("run", "--frozen", "flow.json", *cache, cwd=project).isdisjoint({"torch", "numpy", "PIL"})


def test_nodes_that_come_and_go_are_named(locked: Path) -> None:
    flow = workflow()
    flow["6"] = flow.pop("4")
    flow["5"]["inputs"]["samples"] = ["6", 0]
    flow["7"] = {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}
    (locked / "flow.json").write_text(json.dumps(flow))
    said = "\n".join(drifted())
    assert "node 4 (EmptyLatentImage) is gone" in said and "node 7 (PreviewImage) is new" in said
    assert 'node 5 (SaveLatent): samples was "4:0", is now "6:0"' in said


def test_other_targets_are_drift(locked: Path) -> None:
    (said,) = drifted("--target", "3")
    assert "GX911: the workflow means something else" in said


def test_a_library_that_computes_nothing_only_warns(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.version
    monkeypatch.setattr("graphexec.report.versions._installed", lambda n: "9.9" if n == "safetensors" else real(n))
    ended = call("run", "--frozen", "flow.json")
    assert ended.status == 0 and "warning GX915: version of safetensors" in ended.err


def test_numbers_of_other_kinds_are_other_values() -> None:
    from graphexec.proof.drift import same

    kinds = [1, True, 1.0, "1", None, [], {}, [1], [True], {"a": 1}, {"a": 1.0}]
    assert [[same(a, b) for b in kinds] for a in kinds] == [[a is b for b in kinds] for a in kinds]
