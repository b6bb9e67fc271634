"""`graphexec check`: statuses, formats, strictness, and several files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import call, workflow


@pytest.fixture
def doubtful(home: Path) -> str:
    """A workflow with one warning: its model is not there."""
    nodes = {"1": ("CheckpointLoaderSimple", {"ckpt_name": "gone.safetensors"}),
             "2": ("EmptyLatentImage", {"width": 64, "height": 64, "batch_size": 1}),
             "3": ("VAEDecode", {"samples": ["2", 0], "vae": ["1", 2]}),
             "4": ("PreviewImage", {"images": ["3", 0]})}  # fmt: skip
    return workflow(home / "doubtful.json", nodes)


@pytest.fixture
def wrong(home: Path) -> str:
    """A workflow with one error."""
    return workflow(home / "wrong.json", {"1": ("PreviewImage", {"images": ["2", 0]})})


def test_a_sound_workflow(copy: str) -> None:
    ended = call("check", copy)
    assert (ended.status, ended.out, ended.err) == (0, "", "no problems\n")


def test_a_missing_model_is_an_error_only_when_somebody_said_where_models_are(doubtful: str, home: Path) -> None:
    ended = call("check", doubtful)
    assert ended.status == 0 and "warning GX401" in ended.out and ended.err == "1 warning\n"
    (home / "models").mkdir()
    assert call("check", doubtful).status == 0
    ended = call("check", doubtful, "--models", "models")
    assert ended.status == 1 and "error GX401" in ended.out
    (home / "graphexec.toml").write_text('models = "models"\n')
    assert call("check", doubtful).status == 1


def test_strict_turns_warnings_into_errors(doubtful: str) -> None:
    ended = call("check", doubtful, "--strict")
    assert ended.status == 1 and "error GX401" in ended.out and ended.err == "1 error\n"


def test_all_files_are_checked_and_their_findings_make_one_document(copy: str, doubtful: str, wrong: str) -> None:
    ended = call("check", wrong, "gone.json", copy, doubtful, "--format", "json")
    report = json.loads(ended.out)
    assert ended.status == 1 and (report["errors"], report["warnings"]) == (2, 1)
    assert [(d["file"], d["code"]) for d in report["diagnostics"]] == [
        (wrong, "GX203"), ("gone.json", "GX101"), (doubtful, "GX401"),
    ]  # fmt: skip


def test_sarif_and_github(wrong: str) -> None:
    sarif = json.loads(call("check", wrong, "--format", "sarif").out)
    assert sarif["version"] == "2.1.0" and sarif["runs"][0]["results"][0]["ruleId"] == "GX203"
    assert call("check", wrong, "--format", "github").out.startswith("::error title=GX203")


def test_an_unknown_format_is_wrong_use(copy: str) -> None:
    ended = call("check", copy, "--format", "xml")
    assert ended.status == 2 and "--format: expected one of text, json, sarif, github" in ended.err


@pytest.mark.parametrize("name", ["hello", "img2img", "two-stage"])
def test_the_examples_have_no_findings(home: Path, name: str) -> None:
    (home / "models/checkpoints").mkdir(parents=True)
    (home / "models/checkpoints/tiny.safetensors").touch()
    assert call("check", f"example:{name}", "--models", "models", "--strict").status == 0


def test_control_characters_of_a_file_never_reach_the_terminal(home: Path) -> None:
    evil = "\x1b]0;owned\x07\x9b31m\u202e"
    nodes = {evil: ("Nope" + evil, {}), "2": ("PreviewImage", {"images": [evil, 0], "x" + evil: evil})}
    file = workflow(home / ("f" + "\x1b[2J" + ".json"), nodes)
    for arguments in (("check", file), ("run", file), ("graph", file), ("plan", file), ("check", "gone" + evil)):
        ended = call(*arguments)
        assert not {c for c in ended.out + ended.err if c != "\n" and not c.isprintable()}, arguments
