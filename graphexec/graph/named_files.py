"""The check of files that literals name: models, inputs, embeddings in prompts, prefixes of outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Severity
from graphexec.diagnostics.sanitize import shown
from graphexec.document.model import NodeDecl
from graphexec.errors import NodeError
from graphexec.files import FileProblem, safe_prefix, unsafe
from graphexec.graph.literals import Fault
from graphexec.graph.naming import input_place
from graphexec.graph.prompts import embedding_names
from graphexec.graph.scope import PREFIX, Interface, Scope
from graphexec.ports import Files
from graphexec.registry.named_files import named_files
from graphexec.registry.spec import InputSpec


def check_files(scope: Scope, decl: NodeDecl, interface: Interface, params: Mapping[str, Any]) -> bool:
    """Report every file that a node names and that cannot be used; return whether the node is free of errors."""
    valid = True
    for spec in interface.naming:
        value = params.get(spec.name)
        if type(value) is not str:
            continue
        if spec.folder is not None:
            for folder, name in named_files(spec, value, scope.files):
                valid &= _report(scope, decl, spec, _fault(scope, folder, name))
        elif spec.name == PREFIX:
            if not interface.spec.from_pack:
                valid &= _report(scope, decl, spec, _prefix_fault(value))
        elif "embedding:" in value:
            for fault in _embedding_faults(scope, spec, value):
                valid &= _report(scope, decl, spec, fault)
    return valid


def _report(scope: Scope, decl: NodeDecl, spec: InputSpec, fault: Fault | None) -> bool:
    if fault is None:
        return True
    severity = scope.missing_model if fault.code in (codes.MISSING_MODEL, codes.MISSING_INPUT_FILE) else None
    finding = codes.report(
        fault.code,
        f"{scope.label(decl.id)}: {fault.message}",
        input_place(decl, spec.name),
        hint=fault.hint,
        node=decl.id,
        input=spec.name,
        severity=severity,
    )
    scope.found.append(finding)
    return finding.severity is not Severity.ERROR


def _fault(scope: Scope, folder: str, name: str) -> Fault | None:
    """Look a file up, once for all nodes that name it."""
    key = (folder, name)
    if key not in scope.file_faults:
        scope.file_faults[key] = _look_up(scope.files, folder, name)
    fault: Fault | None = scope.file_faults[key]
    return fault


def _look_up(files: Files | None, folder: str, name: str) -> Fault | None:
    is_input = folder == "input"
    missing = codes.MISSING_INPUT_FILE if is_input else codes.MISSING_MODEL
    reason = unsafe(name)
    if reason is not None:
        return Fault(codes.UNSAFE_NAME, f"{shown(name)} is not a safe file name: {reason}")
    if files is None:
        return Fault(missing, f"the file {shown(name)} of {folder} was not looked for", "no directory was given")
    try:
        if is_input:
            files.input(name)
        else:
            files.model(folder, name)
    except FileProblem as problem:
        code = codes.UNSAFE_NAME if problem.kind == "unsafe" else missing
        return Fault(code, problem.message, problem.hint)
    except NodeError as error:
        return Fault(missing, str(error))
    return None


def _prefix_fault(prefix: str) -> Fault | None:
    if not prefix:
        return None
    try:
        safe_prefix(prefix)
    except NodeError as error:
        return Fault(codes.UNSAFE_NAME, str(error))
    return None


def _embedding_faults(scope: Scope, spec: InputSpec, text: str) -> Iterator[Fault]:
    for name in embedding_names(text):
        fault = _fault(scope, "embeddings", name)
        if fault is not None:
            code = codes.MISSING_EMBEDDING if fault.code == codes.MISSING_MODEL else fault.code
            yield Fault(code, f"{spec.name}: {fault.message}", fault.hint)
