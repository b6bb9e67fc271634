"""The verb `runs`, and `run --report`: what is told of runs afterwards."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.program import call, start, workflow


@pytest.fixture
def cached(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory of a user with a cache."""
    monkeypatch.setenv("GRAPHEXEC_CACHE", str(home / "cache"))
    return home


def listed() -> list[dict]:
    ended = call("runs", "ls", "--json")
    assert (ended.status, ended.err) == (0, "")
    return [json.loads(line) for line in ended.lines]


def test_runs_are_listed_the_newest_first(cached: Path, copy: str) -> None:
    broken = workflow(cached / "fail.json", {"1": ("Fail", {"value": 1})})
    assert call("run", copy).status == 0
    assert call("run", broken, "--nodes", "pack.py").status == 3
    assert call("run", copy).status == 0
    told = [(run["status"], run["executed"], run["reused"], run["files"], run["workflow"]) for run in listed()]
    assert told == [
        ("done", 0, 1, 1, copy),
        ("failed", 0, 0, 0, broken),
        ("done", 2, 0, 1, copy),
    ]
    assert "no luck" in listed()[1]["message"]
    lines = call("runs", "ls", "--limit", "2").lines
    assert len(lines) == 2 and lines[0].endswith("copy.json") and " failed " in lines[1]


def test_a_run_is_shown_with_all_that_is_known(cached: Path, copy: str) -> None:
    call("run", copy, "--threads", "1")
    shown = call("runs", "show").out
    for part in (
        "status    done",
        "2: SaveImage  executed",
        "hills.png",
        "output/copy_00001_.png",
        "threads 1",
        "torch",
    ):
        assert part in shown, part
    report = json.loads(call("runs", "show", "1", "--json").out)
    assert (report["run"], report["status"], report["workflow"]) == (1, "done", copy)
    assert abs(datetime.fromisoformat(report["started"]).timestamp() - time.time()) < 600
    ended = call("runs", "show", "7")
    assert ended.status == 2 and "there is no run 7" in ended.err


def test_the_report_is_written_where_one_wants_it(cached: Path, copy: str) -> None:
    assert call("run", copy, "--report", "run.json").status == 0
    report = json.loads((cached / "run.json").read_text())
    assert report == json.loads(call("runs", "show", "--json").out)
    assert call("run", copy, "--report", "run.json", "--cache", "off").status == 0
    again = json.loads((cached / "run.json").read_text())
    assert again["run"] is None and again["files"][0]["digest"] == report["files"][0]["digest"]


def test_a_failed_run_has_a_report_too(cached: Path) -> None:
    broken = workflow(cached / "fail.json", {"1": ("Fail", {"value": 1})})
    assert call("run", broken, "--nodes", "pack.py", "--report", "run.json").status == 3
    report = json.loads((cached / "run.json").read_text())
    assert (report["status"], report["nodes"][0]["status"]) == ("failed", "failed")
    assert "no luck" in report["nodes"][0]["message"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "a.json", "b.json", "--report", "run.json"), "--report takes the report of one workflow"),
        (("run", "copy.json", "--report", "missing/run.json"), "cannot be written: No such file"),
        (("runs", "ls", "--cache", "off"), "there is no journal"),
        (("runs", "show"), "there are no runs yet"),
    ],
)
def test_what_cannot_be(cached: Path, copy: str, arguments: tuple[str, ...], said: str) -> None:
    ended = call(*arguments)
    assert ended.status == 2 and said in ended.err


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGTERM, "interrupted"), (signal.SIGKILL, "killed")])
def test_runs_that_were_stopped_are_listed_as_such(cached: Path, sent: signal.Signals, status: str) -> None:
    nodes = {"1": ("Step", {"value": 1, "seconds": 60.0}), "2": ("Show", {"value": ["1", 0]})}
    file = workflow(cached / "slow.json", nodes)
    with start("run", file, "--nodes", "pack.py", "--cache", "cache", cwd=cached) as process:
        while not (runs := listed()) and process.poll() is None:
            time.sleep(0.05)
        assert runs[0]["status"] == "running"
        process.send_signal(sent)
        process.wait(30)
    assert [run["status"] for run in listed()] == [status]


def test_names_of_files_reach_a_terminal_as_text(cached: Path, copy: str) -> None:
    Path(copy).rename(cached / "a\x1b[31mb.json")
    call("run", "a\x1b[31mb.json")
    assert "\x1b" not in call("runs", "ls").out + call("runs", "show").out
