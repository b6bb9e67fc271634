"""What has drifted from a lock: each difference as a finding at its place in the lock file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place, Severity
from graphexec.diagnostics.sanitize import shown, visible
from graphexec.document.locate import locate
from graphexec.document.model import Source
from graphexec.proof.facts import Facts, NamedFile
from graphexec.proof.model import FileRecord, Lock, NodeRecord

NUMERIC = frozenset(("torch", "torchsde", "tokenizers", "numpy", "scipy", "pillow"))
"""Libraries that compute values: another version is an error. graphexec itself is not among them, because its nodes
have versions of their own; nor are safetensors, which only moves bytes, Python and the system."""

MACHINE = frozenset(("hardware", "threads"))
"""What of the policy changes the last digits only: a lock from another machine warns of it."""

OPEN = frozenset(("memory",))
"""What of the policy a lock leaves out when it was open, and which is drift when it no longer is."""

SURROUNDINGS = frozenset((codes.POLICY_DRIFT, codes.VERSION_DRIFT))
"""Drift of what a workflow runs on rather than of the workflow: `verify` exists to tell whether it matters."""


def drift(lock: Lock, facts: Facts, source: Source) -> list[Diagnostic]:
    """Return every difference between a lock and what is there now, with positions in the lock's text."""
    policy = _completed(lock.policy)
    fixed = (policy.keys() | OPEN) - MACHINE
    found = [
        *_workflow(lock, facts),
        *_files(lock.files, facts.files),
        *_table("node type", codes.TYPE_DRIFT, "types", lock.types, facts.types, frozenset(facts.types)),
        *_table("policy", codes.POLICY_DRIFT, "policy", policy, facts.policy, fixed),
        *_table("version of", codes.VERSION_DRIFT, "versions", lock.versions, facts.versions, NUMERIC),
    ]
    return locate(found, source)


def has_errors(findings: Iterable[Diagnostic]) -> bool:
    """Whether any of the drift is an error."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def as_warnings(findings: list[Diagnostic]) -> list[Diagnostic]:
    """Return the findings with drift of the surroundings as warnings."""
    return [replace(f, severity=Severity.WARNING) if f.code in SURROUNDINGS else f for f in findings]


def _completed(policy: Mapping[str, str]) -> Mapping[str, str]:
    """Return a lock's policy with what it leaves out when it is older than number formats for large autoencoders.

    Autoencoders of all sizes had one format then.
    """
    known = policy.get("autoencoder_dtype")
    return policy if known is None else {"large_autoencoder_dtype": known, **policy}


def _workflow(lock: Lock, facts: Facts) -> Iterator[Diagnostic]:
    if lock.graph == facts.graph:
        return
    found = False
    for id in lock.nodes | facts.nodes:
        for finding in _node(id, lock.nodes.get(id), facts.nodes.get(id)):
            found = True
            yield finding
    if not found:
        message = "the workflow means something else than it did: other outputs are computed, or nodes changed places"
        yield codes.report(codes.WORKFLOW_DRIFT, message, Place(("graph",)))


def _node(id: str, locked: NodeRecord | None, now: NodeRecord | None) -> Iterator[Diagnostic]:
    def differs(message: str, *path: str, input: str | None = None) -> Diagnostic:
        label = f"node {visible(id)} ({visible((locked or now or _NOTHING).type)})"
        place = Place(("nodes", id, *path), "value" if path else "key")
        return codes.report(codes.WORKFLOW_DRIFT, f"{label}{message}", place, node=id, input=input)

    if locked is None or now is None:
        yield differs(" is gone" if now is None else " is new", *())
        return
    if locked.type != now.type:
        yield differs(f" is now of type {visible(now.type)}", "type")
    for field in ("inputs", "links", "settings"):
        before, after = getattr(locked, field), getattr(now, field)
        for name in before | after:
            if not same(before.get(name), after.get(name)) or (name in before) != (name in after):
                was, is_now = _said(before, name, field), _said(after, name, field)
                yield differs(f": {visible(name)} was {was}, is now {is_now}", field, name, input=name)


_NOTHING = NodeRecord(type="?")


def same(first: Any, second: Any) -> bool:
    """Whether two JSON values are the same, types included: 1, 1.0 and true are three."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return len(first) == len(second) and all(map(same, first, second))
    return type(first) is type(second) and repr(first) == repr(second)  # 0.0 and -0.0 are two


def _said(values: Mapping[str, Any], name: str, field: str) -> str:
    if name not in values:
        return "not there" if field != "inputs" else "not a literal"
    return shown(values[name])


def _files(locked: list[FileRecord], now: tuple[NamedFile, ...]) -> Iterator[Diagnostic]:
    present = {(file.folder, file.name): file for file in now}
    for number, record in enumerate(locked):
        label = f"{visible(record.folder)}/{visible(record.name)}"
        file = present.pop((record.folder, record.name), None)
        place = ("files", number)
        if file is None:
            message = f"{label} is no longer named by the workflow"
            yield codes.report(codes.FILE_DRIFT, message, Place((*place, "name")))
        elif file.digest is None:
            yield codes.report(codes.FILE_DRIFT, f"{label} is not there", Place((*place, "name")))
        elif file.digest != record.blake3:
            sizes = f"{record.bytes} bytes, now {file.bytes}" if file.bytes != record.bytes else "of the same size"
            message = f"{label} has other content than the locked file ({sizes})"
            yield codes.report(codes.FILE_DRIFT, message, Place((*place, "blake3")))
    for file in present.values():
        if file.digest is not None:
            message = f"{visible(file.folder)}/{visible(file.name)} is not in the lock"
            yield codes.report(codes.FILE_DRIFT, message, Place(("files",), "key"))


def _table(
    what: str, code: str, section: str, locked: Mapping[str, str], now: Mapping[str, str], errors: Set[str]
) -> Iterator[Diagnostic]:
    """Compare a mapping of texts; what is not among `errors` is a warning. Names that only one has count too."""
    for name in {**locked, **now}:
        before, after = locked.get(name), now.get(name)
        if before != after and not (section == "types" and (before is None or after is None)):
            message = f"{what} {visible(name)} was {_text(before)}, is now {_text(after)}"
            severity = None if name in errors else Severity.WARNING
            yield codes.report(code, message, Place((section, name)), severity=severity)


def _text(value: str | None) -> str:
    return "not there" if value is None else shown(value)
