"""Lock files as they are read: from text to a Lock, or findings with positions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.diagnostics.sanitize import shown
from graphexec.diagnostics.suggest import nearest
from graphexec.document.locate import locate
from graphexec.document.model import Source
from graphexec.document.text_files import decode_text, read_bytes
from graphexec.document.yaml_text import parse_yaml
from graphexec.errors import InvalidWorkflow
from graphexec.proof.model import ChangesRecord, FileRecord, Form, Lock, NodeRecord, OutputRecord, Tolerance

MOST = 20
"""Findings that are shown of a file that is not a lock at all."""


def lock_path(workflow: str | Path) -> Path:
    """Return where the lock of a workflow file lies."""
    return Path(f"{workflow}.lock")


def read_lock(path: Path) -> tuple[Lock, Source]:
    """Return a lock and its text, which positions of later findings are in.

    Raises InvalidWorkflow with everything that is wrong with the file (GX901), or GX902 when there is none.
    """
    if not path.exists():
        workflow = path.name.removesuffix(".lock")
        found = codes.report(
            codes.NO_LOCK, f"{workflow} has no lock file", hint=f"graphexec lock {path.with_name(workflow)} makes one"
        )
        raise InvalidWorkflow([replace(found, file=str(path))])
    source = Source(str(path), decode_text(read_bytes(str(path), str(path)), str(path)), "yaml")
    return parse(source), source


def parse(source: Source) -> Lock:
    """Return the lock that a text holds. Raises InvalidWorkflow with everything that is wrong with it."""
    parsed = parse_yaml(source.text)
    findings = list(parsed.diagnostics)
    if parsed.usable and not findings:
        try:
            lock = Lock.model_validate(parsed.value)
        except ValidationError as error:
            findings += map(_finding, error.errors(include_url=False)[:MOST])
        else:
            findings += _twice(lock)
            if not findings:
                return lock
    raise InvalidWorkflow(locate(findings, source))


def _finding(detail: ErrorDetails) -> Diagnostic:
    path = tuple(part for part in detail["loc"] if part != "[key]")
    where = ".".join(map(str, path)) or "the file"
    match detail["type"]:
        case "missing":
            message = f'{".".join(map(str, path[:-1])) or "the file"} has no field "{path[-1]}"'
            return codes.report(codes.BAD_LOCK, message, Place(path[:-1], "key"))
        case "extra_forbidden":
            meant = nearest(str(path[-1]), _fields_at(path[:-1]), limit=1)
            hint = f'did you mean "{meant[0]}"?' if meant else None
            return codes.report(codes.BAD_LOCK, f'there is no field "{where}"', Place(path, "key"), hint=hint)
        case "literal_error" if path == ("graphexec_lock",):
            message = "the version of the lock is 1; this version of graphexec knows no other"
            return codes.report(codes.BAD_LOCK, message, Place(path), hint="graphexec lock writes it anew")
    message = f"{where}: {detail['msg']}, not {shown(detail['input'])}"
    return codes.report(codes.BAD_LOCK, message, Place(path))


def _fields_at(path: tuple[str | int, ...]) -> list[str]:
    form: type[Form]
    match path:
        case ("outputs", _, "tolerance"):
            form = Tolerance
        case ("outputs", _):
            form = OutputRecord
        case ("files", _):
            form = FileRecord
        case ("nodes", _):
            form = NodeRecord
        case ("changes",):
            form = ChangesRecord
        case _:
            form = Lock
    return list(form.model_fields)


def _twice(lock: Lock) -> list[Diagnostic]:
    """Report outputs that stand twice, and kept files that two outputs share."""
    found: list[Diagnostic] = []
    outputs: set[tuple[str, int]] = set()
    kept: set[str] = set()
    for number, output in enumerate(lock.outputs):
        if (output.node, output.index) in outputs:
            message = f"output {output.index} of node {shown(output.node)} stands twice"
            found.append(codes.report(codes.BAD_LOCK, message, Place(("outputs", number, "node"))))
        outputs.add((output.node, output.index))
        if output.expected is None:
            continue
        if output.expected.lower() in kept:
            message = f"{output.expected} is the expected file of two outputs"
            found.append(codes.report(codes.BAD_LOCK, message, Place(("outputs", number, "expected"))))
        kept.add(output.expected.lower())
    return found
