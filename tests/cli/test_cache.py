"""The verb `cache`, and the option of the same name."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from tests.cli.program import call

pytest.importorskip("torch")


@pytest.fixture
def filled(home: Path, copy: str) -> Path:
    """Return the directory of a cache that one run has filled."""
    assert call("run", copy).status == 0
    return home / "cache/graphexec"


def stats(*options: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(call("cache", "stats", "--json", *options).out)
    return found


def test_a_second_run_takes_the_picture_from_the_cache(home: Path, copy: str, filled: Path) -> None:
    events = call("run", copy, "--json", "--output", "again").events
    assert [event["event"] for event in events if event["event"].startswith("node_")] == ["node_reused"]
    (first,), (second,) = home.glob("output/*.png"), home.glob("again/*.png")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="needs modes of files")
def test_others_cannot_look_into_the_cache(filled: Path) -> None:
    assert filled.stat().st_mode & 0o077 == 0


def test_off_keeps_and_takes_nothing(home: Path, copy: str) -> None:
    for output in ("one", "two"):
        events = call("run", copy, "--json", "--cache", "off", "--output", output).events
        assert not [event for event in events if event["event"] == "node_reused"]
    assert not (home / "cache").exists()


def test_path_and_stats(filled: Path) -> None:
    assert call("cache", "path").lines == [str(filled)]
    found = stats()
    assert found["directory"] == str(filled) and found["budget"] == 10 * 2**30
    assert "SaveImage" in [entry["type"] for entry in found["types"]]  # type: ignore[attr-defined]
    said = call("cache", "stats").out
    assert "of 10.0 GiB" in said and "SaveImage" in said


def test_verify_finds_removes_and_tells_what_is_damaged(copy: str, filled: Path) -> None:
    """The picture is in the database: it is small, and always kept."""
    assert call("cache", "verify").status == 0
    database = sqlite3.connect(filled / "index.sqlite")
    with database:
        digest, data = database.execute("SELECT digest, data FROM objects WHERE data IS NOT NULL").fetchone()
        database.execute("UPDATE objects SET data = ? WHERE digest = ?", (data[:-1] + bytes([data[-1] ^ 1]), digest))
    database.close()
    ended = call("cache", "verify")
    assert ended.status == 4 and ended.lines[0] == f"damaged, and removed: {digest}" and "1 damaged" in ended.lines[-1]
    assert call("cache", "verify").status == 0
    assert call("run", copy, "--output", "again").status == 0


def test_gc_keeps_to_a_size_and_clear_empties(copy: str, filled: Path) -> None:
    stray = filled / "objects/ab" / ("c" * 62)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"nobody's")
    assert call("cache", "gc", "--size", "1GiB").out == "removed 0 entries, 0 B, and 1 files nothing used\n"
    assert not stray.exists() and stats()["steps"]
    assert json.loads(call("cache", "gc", "--size", "1", "--json").out)["entries"] > 0
    assert stats()["steps"] == 0
    assert call("run", copy).status == 0
    assert json.loads(call("cache", "clear", "--json").out)["entries"] > 0
    assert (stats()["steps"], stats()["bytes"], stats()["fingerprints"]) == (0, 0, 0)
    assert not [path for path in (filled / "objects").rglob("*") if path.is_file()]


@pytest.mark.parametrize("verb", ["stats", "verify", "gc", "clear"])
def test_no_cache_and_one_that_is_off_are_said(home: Path, verb: str) -> None:
    ended = call("cache", verb)
    assert ended.status == 2 and "there is no cache in" in ended.err
    ended = call("cache", verb, "--cache", "off")
    assert ended.status == 2 and "the cache is off (set by command line (--cache))" in ended.err
    assert call("cache", "gc", "--size", "many").status == 2


def test_a_cache_that_cannot_be_used_costs_a_warning_and_no_run(home: Path, copy: str) -> None:
    (home / "file").write_text("")
    ended = call("run", copy, "--cache", "file/cache")
    assert ended.status == 0 and ended.lines == ["output/copy_00001_.png"]
    assert ended.err.count("warning") == 1 and "this run goes on without it" in ended.err
