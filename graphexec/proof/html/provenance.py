"""The part of the report about what went in: locked and now, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphexec.diagnostics.model import Diagnostic
from graphexec.proof.facts import Facts
from graphexec.proof.html.markup import badge, table, text
from graphexec.proof.model import Lock


def drift_list(findings: tuple[Diagnostic, ...]) -> str:
    """Return what has drifted as a list; nothing if nothing has."""
    if not findings:
        return ""
    rows = []
    for finding in findings:
        kind = "bad" if finding.severity == "error" else "fair"
        place = f"line {finding.span.line}" if finding.span else ""
        rows.append((badge(kind, finding.code), text(finding.message), text(place)))
    return "<h3>Drift from the lock</h3>" + table(("code", "what", "in the lock"), rows)


def provenance(lock: Lock, facts: Facts) -> str:
    """Return the table of everything that went in, folded up; what differs is marked."""
    rows = [
        *_rows("", {"graph": lock.graph}, {"graph": facts.graph}),
        *_rows("policy", lock.policy, facts.policy),
        *_rows("version of", lock.versions, facts.versions),
        *_rows("node type", lock.types, facts.types),
        *_rows(
            "file",
            {f"{file.folder}/{file.name}": file.blake3 for file in lock.files},
            {f"{file.folder}/{file.name}": file.digest or "not there" for file in facts.files},
        ),
    ]
    made = table(("", "locked", "now"), rows, "provenance")
    return f"<details><summary>What went in</summary>{made}</details>"


def _rows(what: str, locked: Mapping[str, str], now: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name in {**locked, **now}:
        before, after = locked.get(name, "—"), now.get(name, "—")
        mark = "" if before == after else ' class="differs"'
        yield text(f"{what} {name}".strip()), f"<code{mark}>{text(before)}</code>", f"<code{mark}>{text(after)}</code>"
