"""The page: head with its content security policy, a summary, and a section for each file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files

from graphexec.errors import InvalidWorkflow
from graphexec.proof.html.markup import badge, table, text
from graphexec.proof.html.outputs import output
from graphexec.proof.html.provenance import drift_list, provenance
from graphexec.proof.verification import Verdict

_KINDS = {"passed": "good", "mismatch": "bad", "drift": "bad", "error": "bad"}


def html_report(verdicts: Sequence[Verdict]) -> str:
    """Return the report of verdicts as one HTML file. It holds no times, so equal verdicts give equal bytes."""
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    )
    good = sum(verdict.outcome == "passed" for verdict in verdicts)
    summary = badge("good" if good == len(verdicts) else "bad", f"{good} of {len(verdicts)} agree")
    rows = [
        (_link(number, v), badge(_KINDS[v.outcome], v.outcome), text(_counted(v))) for number, v in enumerate(verdicts)
    ]
    sections = "\n".join(_section(number, verdict) for number, verdict in enumerate(verdicts))
    head = (
        '<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>graphexec verify</title><style>{style}</style>"
    )
    body = (
        f"<header><h1>graphexec verify {summary}</h1></header>\n"
        f"<main>{table(('file', 'outcome', 'outputs'), rows)}\n{sections}</main>\n<script>{script}</script>"
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{body}</body></html>\n'


def _section(number: int, verdict: Verdict) -> str:
    head = (
        f'<section id="file-{number}"><h2>{text(verdict.file)} {badge(_KINDS[verdict.outcome], verdict.outcome)}</h2>'
    )
    if verdict.error is not None:
        lines = (
            [str(finding) for finding in verdict.error.diagnostics]
            if isinstance(verdict.error, InvalidWorkflow)
            else str(verdict.error).splitlines()
        )
        return head + "<pre>" + "\n".join(map(text, lines)) + "</pre></section>"
    outputs = "".join(output(comparison) for comparison in verdict.comparisons)
    known = provenance(verdict.lock, verdict.facts) if verdict.lock and verdict.facts else ""
    return f"{head}{drift_list(verdict.drift)}{outputs}{known}</section>"


def _link(number: int, verdict: Verdict) -> str:
    return f'<a href="#file-{number}">{text(verdict.file)}</a>'


def _counted(verdict: Verdict) -> str:
    passed = sum(comparison.passed for comparison in verdict.comparisons)
    return "not rendered" if verdict.error else f"{passed} of {len(verdict.comparisons)} agree"


def _asset(name: str) -> str:
    return files("graphexec.proof.html").joinpath(name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    """Return the source expression that allows exactly this inline content."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode("ascii")
