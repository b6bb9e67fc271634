"""`graphexec verify`: planted faults, exit statuses, and what `--update` writes and keeps."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from tests.cli.program import call
from tests.proof.conftest import workflow


@pytest.fixture
def locked(project: Path) -> Path:
    assert call("lock", "flow.json").status == 0
    return project


def lock(project: Path, **changes: str) -> None:
    path = project / "flow.json.lock"
    text = path.read_text()
    for old, new in changes.items():
        field = old.partition("__")[0]
        before = next(line for line in text.splitlines() if line.strip().startswith(f"{field}:"))
        text = text.replace(before, f"{before[: before.index(':')]}: {new}")
    path.write_text(text)


def test_an_unchanged_workflow_agrees_in_bytes(locked: Path) -> None:
    ended = call("verify", "flow.json")
    assert (ended.status, ended.err) == (0, "")
    assert ended.lines == [
        "flow.json: node 3 (SaveImage), output 0: ok: the same bytes",
        "flow.json: node 5 (SaveLatent), output 0: ok: the same bytes",
    ]
    assert not (locked / "output").exists()


def edited_pack(project: Path, old: str, new: str) -> None:
    """Change what the pack computes, and its version in the lock with it, so that only the pixels can tell."""
    path = project / "pack.py"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    from graphexec.registry.loading import load_registry

    version = load_registry(["pack.py"]).get("Brighten").version
    lock(project, Brighten=f'"{version}"')


def test_one_pixel_off_by_one_level_is_a_mismatch(locked: Path) -> None:
    edited_pack(
        locked,
        "return ((image + by).clamp(0, 1),)",
        "image = (image + by).clamp(0, 1); image[0, 5, 7, 2] -= 1 / 255; return (image,)",
    )
    ended = call("verify", "flow.json")
    assert (ended.status, ended.err) == (4, "")
    assert "output 0: FAILED: looks the same within the tolerance, tensors is demanded: 1 pixels" in ended.lines[0]
    assert call("verify", "flow.json", "--level", "perceptual").status == 0
    lock(locked, max_error="1")
    assert call("verify", "flow.json").status == 0
    assert call("verify", "flow.json", "--level", "bytes").status == 4


def test_verify_computes_anew_and_takes_nothing_from_a_cache(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHEXEC_CACHE", str(project / "cache"))
    (project / "flow.json").write_text(json.dumps(workflow(n2="Count")))
    calls = []
    for verb in ("lock", "lock", "verify", "verify"):
        assert call(verb, "flow.json").status == 0
        calls.append(len((project / "calls.txt").read_text()))
    assert calls == [1, 1, 2, 3]


@pytest.mark.parametrize(
    ("change", "code"), [({"n2": {"by": 0.25}}, "GX911"), ({"n2": "Touch"}, "GX911"), ({"n4": {"width": 128}}, "GX911")]
)
def test_a_changed_workflow_is_drift_and_still_compared(locked: Path, change: dict, code: str) -> None:
    (locked / "flow.json").write_text(json.dumps(workflow(**change)))
    ended = call("verify", "flow.json")
    assert ended.status == 5 and code in ended.err and len(ended.lines) == 2 and "FAILED" in ended.out


def test_another_library_is_a_warning_when_the_outputs_agree(locked: Path) -> None:
    lock(locked, torch='"0.0.1"')
    ended = call("verify", "flow.json")
    assert ended.status == 0 and 'warning GX915: version of torch was "0.0.1"' in ended.err
    assert call("run", "--frozen", "flow.json").status == 5


def test_the_locked_policy_is_rendered_with(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call("lock", "flow.json", "--noise", "comfyui-0.5")
    assert call("verify", "flow.json").err == ""
    assert "warning GX914: policy noise" in call("verify", "flow.json", "--noise", "comfyui").err


@pytest.mark.parametrize(
    ("field", "word", "status", "said"),
    [
        ("device", '"cuda:999"', 2, "no device 'cuda:999', or this PyTorch cannot use it; the lock was made there"),
        ("device", '"../x"', 1, "error GX901: policy.device: expected one of auto, cpu, cuda, mps"),
        ("dtype", "fp8", 1, "error GX901: policy.dtype: expected one of auto, fp32, bf16, fp16"),
        ("noise", "loud", 1, "error GX901: policy.noise: expected one of comfyui"),
        ("threads", '"99999999999999"', 0, 'warning GX914: policy threads was "99999999999999"'),
        ("threads", '"\u0663"', 0, "warning GX914: policy threads was"),
    ],
)
def test_a_policy_that_cannot_be_had_is_said(
    locked: Path, monkeypatch: pytest.MonkeyPatch, field: str, word: str, status: int, said: str
) -> None:
    monkeypatch.delenv("GRAPHEXEC_DEVICE")
    monkeypatch.delenv("GRAPHEXEC_DTYPE")
    lock(locked, **{field: word})
    ended = call("verify", "flow.json")
    assert ended.status == status and said in ended.err and "Traceback" not in ended.err


def test_outputs_that_come_and_go_are_told(locked: Path) -> None:
    flow = workflow()
    flow["6"] = flow.pop("3")
    (locked / "flow.json").write_text(json.dumps(flow))
    ended = call("verify", "flow.json")
    assert ended.status == 4 and ended.err == ""
    assert (
        "node 3 (SaveImage), output 0: FAILED: differs, tensors is demanded: the workflow no longer makes" in ended.out
    )
    assert (
        "node 6 (SaveImage), output 0: FAILED: differs, tensors is demanded: the lock has no such output" in ended.out
    )


@pytest.mark.parametrize("damage", ["gone", "other"])
def test_expected_files_that_are_gone_or_damaged_do_not_hide_a_difference(locked: Path, damage: str) -> None:
    kept = locked / "flow.json.lock.d/3-0.png"
    if damage == "gone":
        kept.unlink()
    else:
        kept.write_bytes(kept.read_bytes()[:-20])
    assert call("verify", "flow.json").status == 0  # the digest is in the lock
    (locked / "flow.json").write_text(json.dumps(workflow(n2={"by": 0.13})))
    ended = call("verify", "flow.json")
    assert ended.status == 5 and "the expected file is not kept" in ended.out


def test_update_accepts_the_new_render_and_keeps_tolerances_and_changes(project: Path) -> None:
    assert call("lock", "flow.json", "--set", "4.height=128").status == 0
    lock(project, psnr="12.5")
    (project / "flow.json").write_text(json.dumps(workflow(n2={"by": 0.25})))
    ended = call("verify", "flow.json", "--update")
    assert ended.status == 0 and "output 0: updated: " in ended.out
    assert (call("verify", "flow.json").status, call("run", "--frozen", "flow.json").status) == (0, 0)
    made = yaml.safe_load((project / "flow.json.lock").read_text())
    assert made["outputs"][0]["tolerance"]["psnr"] == 12.5 and made["changes"] == {"set": {"4.height": 128}}


def test_several_files_are_all_verified_and_the_worst_counts(locked: Path) -> None:
    shutil.copy("flow.json", "nolock.json")
    shutil.copy("flow.json", "fails.json")
    for name in ("fails.json",):
        shutil.copy("flow.json.lock", f"{name}.lock")
    (locked / "fails.json").write_text(json.dumps(workflow(n1={"image": "gone.png"})))
    ended = call("verify", "nolock.json", "fails.json", "flow.json", "--junit", "r/j.xml", "--html", "r/r.html")
    assert ended.status == 1 and "GX902" in ended.err and "GX402" in ended.err and len(ended.lines) == 2
    root = ElementTree.parse("r/j.xml").getroot()
    assert [s.get("errors") for s in root] == ["1", "1", "0"] and root.get("tests") == "5"
    assert (locked / "r/r.html").read_text().count("<section") == 3


def test_a_node_that_fails_is_an_error_of_its_own(locked: Path) -> None:
    edited_pack(locked, "return ((image + by).clamp(0, 1),)", "raise ValueError('no luck')")
    ended = call("verify", "flow.json", "--update", "--junit", "j.xml")
    assert ended.status == 3 and "no luck" in ended.err
    assert "no luck" in (locked / "j.xml").read_text()
    assert not [p for p in locked.iterdir() if p.name.startswith("graphexec-")]


def test_wrong_use(locked: Path) -> None:
    assert call("verify", "-", input="{}").status == 2
    assert call("verify", "flow.json", "--level", "x").status == 2
