"""Tables in docs/ say what the code does."""

from __future__ import annotations

import os
import re

from graphexec.cli.status import Status
from graphexec.config import TABLE
from graphexec.diffusion.names import LOOKS_AHEAD
from tests.project.commands import ROOT


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/configuration.md").read_text()
    rows = [f"| `{s.key}` | `{s.variable}` | {s.kind.says} | {s.help} |" for s in TABLE]
    written = page.split("<!-- settings -->\n")[1].split("<!-- /settings -->")[0].splitlines()[2:]
    assert written == rows


def test_every_exit_status_is_documented() -> None:
    page = (ROOT / "docs/command-line.md").read_text()
    assert [f"{status.value}" for status in Status if f"| {status.value} |" not in page] == []


def test_an_uncaught_exception_of_python_is_not_among_the_statuses() -> None:
    """Python's own status for a traceback is 1: ours for it is a different one."""
    assert Status.BUG.value == os.EX_SOFTWARE != 1


def test_every_test_that_the_coverage_page_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs/coverage.md").read_text())
    assert len(named) > 10
    assert [f"{file}::{test}" for file, test in named if f"def {test}(" not in (ROOT / file).read_text()] == []


def test_samplers_that_look_ahead_are_those_of_the_table() -> None:
    rows = re.findall(r"^\| (\w[\w, ]+?)(, each also with _gpu)? \|", (ROOT / "docs/continuation.md").read_text(), re.M)
    named = [name for names, _ in rows[1:] for name in names.split(", ")]
    named += [f"{name}_gpu" for names, gpu in rows if gpu for name in names.split(", ")]
    assert sorted(named) == sorted(LOOKS_AHEAD)
