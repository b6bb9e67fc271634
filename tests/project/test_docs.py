"""Tables in docs/ say what the code does."""

from __future__ import annotations

import os
import re

from graphexec.cli.status import Status
from graphexec.config import TABLE
from graphexec.diffusion.names import LOOKS_AHEAD
from tests.project import error_codes
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


def test_every_code_is_documented() -> None:
    written = error_codes.PAGE.read_text(encoding="utf-8")
    assert written == error_codes.page(), "run: python -m tests.project.error_codes"


def test_links_between_pages_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    broken = []
    for page in pages:
        text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            path, _, anchor = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            file = (page.parent / path).resolve() if path else page
            if not file.exists() or (anchor and anchor not in _anchors(file.read_text(encoding="utf-8"))):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def _anchors(text: str) -> set[str]:
    """Return the anchors of the headings of a page, as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
