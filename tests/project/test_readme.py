"""README and CI agree: what a newcomer is told is what CI runs."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.project.commands import ROOT, marked_commands

CI = (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("name", ["setup", "test"])
def test_ci_runs_the_very_commands_of_readme(name: str) -> None:
    extract = re.search(r"^readme\(\) \{\n.*?^\}\n", CI, re.DOTALL | re.MULTILINE)
    assert extract, ".ci/run has no function readme"
    script = f"set -euo pipefail\n{extract[0]}readme {name}"
    ran = subprocess.run(["bash", "-c", script], env={"tree": str(ROOT)}, capture_output=True, text=True, check=True)
    assert ran.stdout == marked_commands(name)
    assert f'commands=$(readme {name})\ntest -n "$commands"\nprintf \'%s\\n\' "$commands"\neval "$commands"\n' in CI


def test_no_command_is_told_twice() -> None:
    """A second copy of the commands elsewhere would go stale."""
    lines = [line for name in ("setup", "test") for line in marked_commands(name).splitlines()]
    for other in [ROOT / ".ci/run", *ROOT.glob("docs/*.md")]:
        text = other.read_text()
        assert [line for line in lines if line in text] == [], other


def test_links_lead_to_files() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}, which is not there"


def test_every_decision_is_in_the_index_under_a_number_of_its_own() -> None:
    decisions = sorted(path.name for path in (ROOT / "docs/adr").glob("[0-9]*.md"))
    index = (ROOT / "docs/adr/README.md").read_text()
    assert [name for name in decisions if f"({name})" not in index] == []
    numbers = [name[:4] for name in decisions]
    assert sorted(set(numbers)) == numbers
