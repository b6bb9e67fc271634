"""Names in a workflow stay in their directories, seen from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.program import call, save, workflow

LOAD = ("LoadImage", {"image": "hills.png"})
ESCAPES = ["../x", "/tmp/graphexec-escape", "a/../../x", "..\\x", "C:\\x", "con", "\\\\host\\share\\x"]


@pytest.mark.parametrize("name", ESCAPES)
def test_no_picture_is_written_outside_the_output_directory(home: Path, name: str) -> None:
    before = set(home.rglob("*"))
    file = workflow(home / "f.json", {"1": LOAD, "2": save("1", name)})
    ended = call("run", file)
    written = set(home.rglob("*")) - before - {Path(file)}
    assert ended.status in (1, 3) and ended.out == "" and "Traceback" not in ended.err
    assert all(path.is_relative_to(home / "output") for path in written)
    assert call("run", file, "--name", name).status in (1, 2, 3)


@pytest.mark.parametrize("name", [f"{escape}.png" for escape in ESCAPES] + ["link.png"])
def test_no_picture_is_read_from_outside_the_input_directory(home: Path, name: str) -> None:
    (home / "x.png").write_bytes((home / "input/hills.png").read_bytes())
    (home / "input/link.png").symlink_to(home / "x.png")
    file = workflow(
        home / "f.json",
        {"1": ("LoadImage", {"image": name}), "2": save("1", "x")},
    )
    ended = call("run", file)
    assert (ended.status, ended.out) == (1, "") and "GX403" in ended.err


def test_links_out_are_followed_only_when_the_user_says_so(home: Path) -> None:
    (home / "x.png").write_bytes((home / "input/hills.png").read_bytes())
    (home / "input/link.png").symlink_to(home / "x.png")
    file = workflow(
        home / "f.json",
        {"1": ("LoadImage", {"image": "link.png"}), "2": save("1", "x")},
    )
    (home / "graphexec.toml").write_text("follow-links = true\n")
    assert call("run", file).status == 1
    assert call("run", file, "--follow-links").status == 0


@pytest.mark.parametrize("name", ["../../x.safetensors", "/etc/passwd", "a\\..\\..\\x.safetensors", "nul.safetensors"])
def test_no_model_is_read_from_outside_the_models_directory(home: Path, name: str) -> None:
    (home / "models/checkpoints").mkdir(parents=True)
    (home / "x.safetensors").touch()
    nodes = {"1": ("CheckpointLoaderSimple", {"ckpt_name": name}),
             "2": ("CLIPTextEncode", {"clip": ["1", 1], "text": "x"})}  # fmt: skip
    ended = call("run", workflow(home / "f.json", nodes), "--target", "2")
    assert (ended.status, ended.out) == (1, "") and "GX403" in ended.err


def test_no_pack_runs_because_of_a_file_beside_the_workflow(home: Path) -> None:
    (home / "pack.py").write_text("open('owned', 'w')\n")
    (home / "graphexec.toml").write_text('nodes = "pack.py"\n')
    ended = call("check", workflow(home / "f.json", {"1": ("Step", {"value": 1})}))
    assert ended.status == 1 and "ignored beside a workflow" in ended.err
    assert not (home / "owned").exists()
