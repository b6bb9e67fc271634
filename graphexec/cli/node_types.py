"""Node types as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from graphexec.cli.findings import show_findings
from graphexec.cli.sessions import model_roots
from graphexec.cli.settings_in_force import settings_for
from graphexec.cli.terminal import foreign_code, result
from graphexec.cli.workflows import STDIN
from graphexec.config import Settings
from graphexec.diagnostics.sanitize import visible
from graphexec.errors import UsageError
from graphexec.registry.loading import load_registry
from graphexec.registry.spec import InputSpec, NodeSpec
from graphexec.registry.table import Registry


def list_types(nodes: Sequence[str] | None, *, known: bool) -> None:
    """Print one line a type, sorted by name."""
    registry, _ = _registry(nodes)
    for name in sorted(registry.known_names() if known else registry.names()):
        spec = _spec(registry, name)
        result("\t".join(visible(text) for text in (spec.type, spec.category, spec.provider)))


def show_type(type: str, nodes: Sequence[str] | None) -> None:
    """Print the description of one type."""
    registry, _ = _registry(nodes)
    for line in _describe(_spec(registry, type)):
        result(visible(line))


def print_object_info(types: Sequence[str], nodes: Sequence[str] | None, models: Sequence[str] | None) -> None:
    """Print `{type: entry}` of all types, or of those named."""
    from graphexec.files import Folders, shipped_models
    from graphexec.registry.object_info import object_info

    registry, settings = _registry(nodes, models)
    folders = Folders(model_roots(settings), input=settings.input, output=settings.output, shipped=shipped_models())
    entries = {name: object_info(_spec(registry, name), folders) for name in types or registry.names()}
    result(json.dumps(entries, indent=2, default=str))


def _registry(nodes: Sequence[str] | None, models: Sequence[str] | None = None) -> tuple[Registry, Settings]:
    settings = settings_for(STDIN, {"nodes": nodes, "models": models})
    with foreign_code():
        registry = load_registry(settings.nodes, settings.object_info)
    show_findings(registry.diagnostics)
    return registry, settings


def _spec(registry: Registry, type: str) -> NodeSpec:
    spec = registry.get(type) or registry.known(type)
    if spec is None:
        from graphexec.diagnostics.suggest import nearest

        near = nearest(type, (*registry.names(), *registry.known_names()))
        hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise UsageError(f"no node type is called {type!r}{hint}")
    return spec


def _describe(spec: NodeSpec) -> Iterator[str]:
    title = f" ({spec.display_name})" if spec.display_name not in ("", spec.type) else ""
    yield f"{spec.type}{title}, {spec.category}, from {spec.provider}"
    if spec.function is None:
        yield "Known, but not implemented in this version: files that use it are checked, and do not run."
    yield from (line.strip() for line in spec.description.splitlines() if line.strip())
    for heading, inputs in (
        ("inputs", [i for i in spec.inputs if i.required]),
        ("optional inputs", [i for i in spec.inputs if not i.required]),
    ):
        if inputs:
            yield f"{heading}:"
            yield from (f"  {declared.name}: {_kind(declared)}" for declared in inputs)
    if spec.outputs:
        yield "outputs:"
        yield from (f"  {i} {o.name}: {o.type}{' (list)' if o.is_list else ''}" for i, o in enumerate(spec.outputs))


def _kind(declared: InputSpec) -> str:
    parts = [declared.type]
    if declared.folder:
        parts = [f"file in {declared.folder}"]
    if declared.choices:
        parts.append("one of " + ", ".join(json.dumps(choice) for choice in declared.choices))
    if declared.min is not None or declared.max is not None:
        low, high = ("" if bound is None else str(bound) for bound in (declared.min, declared.max))
        parts.append(f"{low}..{high}")
    if declared.has_default:
        parts.append(f"default {json.dumps(declared.default, default=str)}")
    return ", ".join(parts)


def print_coverage(as_json: bool) -> None:
    """Print which core nodes are implemented and which are only known: counts by menu, then the names."""
    from graphexec.registry import catalogue

    registry, _ = _registry(None)
    menus: dict[str, tuple[list[str], list[str]]] = {}
    for name in catalogue.names():
        done, known = menus.setdefault(_spec(registry, name).category.split("/")[0], ([], []))
        (done if name in registry else known).append(name)
    implemented = sorted(name for done, _ in menus.values() for name in done)
    known_only = sorted(name for _, known in menus.values() for name in known)
    extra = sorted(name for name in registry.names() if name not in set(implemented))
    if as_json:
        result(json.dumps({"implemented": implemented, "known": known_only, "extra": extra}, indent=2))
        return
    result(f"{len(implemented)} of {len(implemented) + len(known_only)} core nodes are implemented")
    for menu, (done, known) in sorted(menus.items()):
        result(f"{menu or '(no menu)'}: {len(done)} of {len(done) + len(known)}")
        for heading, names in (("implemented", done), ("only known", known)):
            if names:
                result(f"  {heading}: {', '.join(names)}")


def write_stubs(output: str, nodes: Sequence[str] | None, object_info: str | None) -> None:
    """Write Python modules of typed functions and print their paths."""
    from pathlib import Path

    from graphexec.build.stubs import files

    if object_info is not None:
        made, findings = files.of_object_info(Path(object_info))
        show_findings(findings)
    else:
        registry, _ = _registry(nodes)
        made = files.of_packs(registry) if nodes else files.built_in(registry)
    for path in files.write(made, Path(output)):
        result(visible(str(path)))
