"""The setting `continuation: exact` of sampler nodes: read off a declaration, and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Place, Severity
from graphexec.diagnostics.sanitize import shown
from graphexec.diagnostics.suggest import nearest
from graphexec.document.form_check import SETTINGS
from graphexec.document.model import Link, NodeDecl
from graphexec.document.values import kind_of
from graphexec.graph.naming import did_you_mean
from graphexec.graph.scope import Scope
from graphexec.registry.spec import NodeSpec

EXACT: Literal["exact"] = "exact"


def continuation_of(scope: Scope, decl: NodeDecl, spec: NodeSpec) -> tuple[Literal["exact"] | None, bool]:
    """Return the setting of a node, and whether it is sound; what is wrong with it is reported."""
    settings = decl.settings
    if settings is None:
        return None, True
    if not isinstance(settings, Mapping):
        message = f"{scope.label(decl.id)}: graphexec's settings are a mapping, not {kind_of(settings)}"
        place = Place(decl.setting_path("")[:-1])
        scope.found.append(codes.report(codes.BAD_FIELD, message, place, node=decl.id))
        return None, False
    _report_unknown(scope, decl, settings)
    value = settings.get("continuation")
    if value is None:
        return None, True
    if value != EXACT:
        message = f"{scope.label(decl.id)}: continuation can only be {EXACT}, not {shown(value)}"
        hint = did_you_mean(nearest(value, [EXACT], 1)) if isinstance(value, str) else None
        _report(scope, decl, codes.BAD_CONTINUATION, message, hint or "leave it out to go on as ComfyUI does")
        return None, False
    if spec.continues is None:
        message = f"{scope.label(decl.id)} is no sampler, so nothing can be continued there"
        _report(scope, decl, codes.BAD_CONTINUATION, message, _where(scope))
        return None, False
    refused = [why[choice] for name, why in spec.continues.items() if (choice := _choice(scope, decl, name)) in why]
    for why in refused:
        message = f"{scope.label(decl.id)} cannot be continued exactly: {why}"
        _report(scope, decl, codes.NO_EXACT_SPLIT, message, "use another sampler, or leave continuation out")
    return EXACT, not refused


def _choice(scope: Scope, decl: NodeDecl, name: str) -> str:
    """Return the choice of an input, or that of the node it is linked to (KSamplerSelect); else an empty text."""
    value = decl.inputs.get(name)
    if isinstance(value, Link):
        chooser = scope.document.nodes.get(value.node)
        value = chooser.inputs.get("sampler_name") if chooser else None
    return value if isinstance(value, str) else ""


def _where(scope: Scope) -> str:
    samplers = sorted({i.spec.type for i in scope.interfaces.values() if i.spec.continues is not None})
    return "it is a setting of " + ", ".join(samplers) if samplers else "it is a setting of sampler nodes"


def _report(scope: Scope, decl: NodeDecl, code: str, message: str, hint: str) -> None:
    place = Place(decl.setting_path("continuation"))
    scope.found.append(codes.report(code, message, place, hint=hint, node=decl.id))


def _report_unknown(scope: Scope, decl: NodeDecl, settings: Mapping[str, Any]) -> None:
    for name in settings:
        if name not in SETTINGS:
            message = f"{scope.label(decl.id)} has no setting {shown(name)}; it is ignored"
            place = Place(decl.setting_path(name), "key")
            hint = did_you_mean(nearest(name, SETTINGS, 1))
            severity = Severity.WARNING
            scope.found.append(
                codes.report(codes.BAD_FIELD, message, place, hint=hint, node=decl.id, severity=severity)
            )
