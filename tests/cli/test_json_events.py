"""`run --json`: NDJSON on standard output and nothing else, whatever happens."""

from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import validate

from tests.cli.program import call, workflow

SCHEMA = {
    "type": "object",
    "required": ["event", "workflow"],
    "properties": {
        "event": {
            "enum": [
                "run_started", "node_started", "progress", "node_finished", "node_reused", "node_blocked",
                "node_failed", "warning", "file_written", "run_finished", "diagnostic",
            ]
        },
        "workflow": {"type": "string"},
        "node": {"type": ["string", "null"]},
        "node_type": {"type": "string"},
        "done": {"type": "integer"},
        "total": {"type": "integer"},
        "seconds": {"type": "number", "minimum": 0},
        "message": {"type": "string"},
        "data": {"type": "object"},
    },
}  # fmt: skip


def test_a_run_tells_each_step_and_each_file(home: Path, copy: str) -> None:
    ended = call("run", copy, "--json")
    assert ended.status == 0
    for event in ended.events:
        validate(event, SCHEMA)
        assert event["workflow"] == copy
    assert [(e["event"], e.get("node")) for e in ended.events] == [
        ("run_started", None),
        ("node_started", "1"),
        ("node_finished", "1"),
        ("node_started", "2"),
        ("node_finished", "2"),
        ("file_written", "2"),
        ("run_finished", None),
    ]
    assert ended.events[0]["total"] == 2
    assert (home / ended.events[5]["data"]["path"]).is_file() and ended.events[5]["data"]["unchanged"] is False


def test_findings_are_events(home: Path) -> None:
    file = workflow(home / "f.json", {"1": ("Nope", {})})
    ended = call("run", file, "--json")
    assert (ended.status, ended.err) == (1, "")
    (event,) = ended.events
    validate(event, SCHEMA)
    assert (event["event"], event["code"], event["line"], event["node"]) == ("diagnostic", "GX201", 1, "1")


def test_a_failure_is_an_event_and_told_to_the_person(home: Path) -> None:
    file = workflow(home / "f.json", {"1": ("Fail", {"value": 4})})
    ended = call("run", file, "--nodes", "pack.py", "--json")
    assert ended.status == 3 and "error: node 1 (Fail) failed" in ended.err
    failed = next(event for event in ended.events if event["event"] == "node_failed")
    assert failed["message"].startswith("ValueError: no luck")


@pytest.mark.parametrize("arguments", [("--device", "x"), ("--set", "x")])
def test_wrong_use_prints_no_events(copy: str, arguments: tuple[str, str]) -> None:
    assert call("run", copy, "--json", *arguments).out == ""


def test_the_policy_is_told_once(home: Path, copy: str) -> None:
    ended = call("run", copy, "--json", "--device", "cpu", "--dtype", "bf16", "--threads", "2")
    (policy,) = (e["data"]["policy"] for e in ended.events if e["event"] == "run_started")
    told = {name: policy[name] for name in ("device", "dtype", "large_dtype", "threads")}
    assert told == {"device": "cpu", "dtype": "bf16", "large_dtype": "bf16", "threads": 2}
