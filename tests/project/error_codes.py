"""The page of diagnostic codes, made from the table: `python -m tests.project.error_codes` writes it anew."""

from __future__ import annotations

from graphexec.diagnostics.codes import CODES
from tests.project.commands import ROOT

PAGE = ROOT / "docs/error-codes.md"
_TOP = """# Error codes

Every finding has a code that never changes its meaning. Errors stop a run; warnings do not, unless `--strict` says so;
notes are for your information. In CI, `graphexec check --format sarif` or `github` shows them where code is reviewed.
"""
_FAMILIES = {
    "1": "Reading a file", "2": "Nodes and links", "3": "Values", "4": "Models and input files", "5": "Node packs",
    "6": "Advice on sampler chains", "7": "Running", "8": "Command line and configuration", "9": "Locks",
}  # fmt: skip


def page() -> str:
    """Return the text of the page."""
    lines = [_TOP]
    family = ""
    for code in sorted(CODES.values(), key=lambda code: code.id):
        if code.id[2] != family:
            family = code.id[2]
            lines.append(f"## {_FAMILIES[family]}\n")
        lines.append(
            f"### {code.id}: {code.summary}\n\n*{code.severity.value.capitalize()}.* {_escaped(code.explanation)}\n"
        )
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("<", "\\<").replace("*", "\\*").replace("|", "\\|").replace("[", "\\[")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
