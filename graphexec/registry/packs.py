"""Node packs that the user names: a file, a folder, or an entry point of the group `graphexec.nodes`."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphexec.diagnostics.codes import BAD_NODE_CLASS, PACK_FAILED, PACK_NEEDS_COMFYUI, report
from graphexec.diagnostics.model import Diagnostic
from graphexec.hashing import digest, digest_bytes
from graphexec.registry.adapter import read_class
from graphexec.registry.builtin import Provided
from graphexec.registry.classcalls import comfyui_module
from graphexec.registry.functions import NodeFunction
from graphexec.registry.imports import comfyui_refused, import_file
from graphexec.registry.notation import Malformed
from graphexec.registry.spec import NodeSpec

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINT_GROUP = "graphexec.nodes"


class _Refused(Exception):
    """A pack cannot be loaded; holds the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True)
class _Pack:
    """A pack that was found: where it is, and the digest of its source files."""

    name: str
    root: Path
    version: str
    entry_point: EntryPoint | None = None


def load_packs(names: Iterable[str | os.PathLike[str] | NodeFunction[..., Any]]) -> Provided:
    """Load packs by path (a `.py` file, a folder with `__init__.py`) or by entry point, and node functions, each once.

    Returns the specs of their classes and functions, and the findings: GX501 for what cannot be imported, GX502 for
    packs that import ComfyUI's modules, GX504 for classes and functions left out.
    """
    specs: list[NodeSpec] = []
    findings: list[Diagnostic] = []
    seen: set[Path] = set()
    for name in dict.fromkeys(names):
        if isinstance(name, NodeFunction):
            _add_function(name, name.function.__module__, specs, findings)
            continue
        try:
            pack = _find(os.fspath(name))
            if pack.root not in seen:
                seen.add(pack.root)
                found, doubts = _read(pack, _import(pack))
                specs += found
                findings += doubts
        except _Refused as refused:
            findings.append(refused.diagnostic)
    return Provided(specs=tuple(specs), diagnostics=tuple(findings))


def source_digest(root: Path) -> str:
    """Return the digest of a file, or of all `.py` files below a folder (names and contents, hidden ones left out)."""
    if root.is_file():
        return digest_bytes(root.read_bytes())
    return digest(
        "pack", {file.relative_to(root).as_posix(): digest_bytes(file.read_bytes()) for file in _sources(root)}
    )


def _sources(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        yield from (Path(folder, name) for name in files if name.endswith(".py"))


def _find(name: str) -> _Pack:
    path = Path(name).expanduser()
    root = path.resolve()
    if path.is_file() and path.suffix == ".py":
        return _Pack(name, root, source_digest(root))
    if path.is_dir():
        if not (path / "__init__.py").is_file():
            raise _Refused(_about(name, PACK_FAILED, "the node pack is a folder without __init__.py"))
        return _Pack(name, root, source_digest(root))
    if path.exists():
        raise _Refused(_about(name, PACK_FAILED, "the node pack is neither a .py file nor a folder"))
    return _installed(name)


def _installed(name: str) -> _Pack:
    from importlib.metadata import entry_points  # costs as much as all the rest

    offered = {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}
    if name not in offered:
        hint = f"installed packs: {', '.join(sorted(offered))}" if offered else None
        raise _Refused(
            report(PACK_FAILED, f"there is no node pack {name}: no such file, folder or entry point", hint=hint)
        )
    point = offered[name]
    try:
        with comfyui_refused(point.module.partition(".")[0]):
            file = Path(import_module(point.module).__file__ or "").resolve()
    except (Exception, SystemExit) as error:
        raise _Refused(_import_error(name, None, error)) from error
    root = file.parent if file.name == "__init__.py" else file
    return _Pack(name, root, source_digest(root), point)


def _import(pack: _Pack) -> Any:
    try:
        if pack.entry_point is not None:
            return pack.entry_point.load()
        file = pack.root / "__init__.py" if pack.root.is_dir() else pack.root
        stem = re.sub(r"\W", "_", pack.root.stem)
        key = digest("pack module", [str(pack.root), pack.version])[:12]
        return import_file(file, f"_graphexec_pack_{stem}_{key}")
    except (Exception, SystemExit) as error:
        raise _Refused(_import_error(pack.name, pack.root, error)) from error


def _import_error(name: str, root: Path | None, error: BaseException) -> Diagnostic:
    where = _blamed_line(root, error) if root else ""
    module = comfyui_module(error)
    if module is not None:
        return _about(
            name,
            PACK_NEEDS_COMFYUI,
            f"the node pack imports {module}, a module of ComfyUI{where}",
            "graphexec.pack has ExecutionBlocker and GraphBuilder; packs on plain values need nothing else",
        )
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    hint = f"install the package that provides {missing.partition('.')[0]}" if missing else None
    cause = f"{error.__class__.__name__}: {error}"
    return _about(name, PACK_FAILED, f"the node pack cannot be imported{where}: {cause}", hint)


def _blamed_line(root: Path, error: BaseException) -> str:
    """Say which line of the pack was running when the import failed; for a syntax error, which cannot be read."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({Path(error.filename).name}, line {error.lineno})"
    frames: Sequence[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).resolve().is_relative_to(root)]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""


def _read(pack: _Pack, module: Any) -> tuple[list[NodeSpec], list[Diagnostic]]:
    classes = module if isinstance(module, Mapping) else getattr(module, "NODE_CLASS_MAPPINGS", None)
    functions = _functions(module)
    if functions and classes is None:
        classes = {}
    if not isinstance(classes, Mapping):
        if hasattr(module, "comfy_entrypoint"):
            message = "the node pack is written for comfy_api, a module of ComfyUI"
            raise _Refused(_about(pack.name, PACK_NEEDS_COMFYUI, message))
        raise _Refused(
            _about(
                pack.name, PACK_FAILED, "the node pack defines no mapping NODE_CLASS_MAPPINGS and no @graphexec.node"
            )
        )
    titles = getattr(module, "NODE_DISPLAY_NAME_MAPPINGS", None) or {}
    specs: list[NodeSpec] = []
    findings: list[Diagnostic] = []
    for type, cls in classes.items():
        try:
            title = titles.get(type)
            specs.append(read_class(str(type), cls, provider=pack.name, version=pack.version, display_name=title))
        except (AttributeError, TypeError, ValueError) as error:
            findings.append(_about(pack.name, BAD_NODE_CLASS, f"the node class {type!r} is left out: {error}"))
    for function in functions:
        _add_function(function, pack.name, specs, findings, function.version or pack.version)
    return specs, findings


def _functions(module: Any) -> list[NodeFunction[..., Any]]:
    """Return the functions that a module made into nodes, or imported, in order; a mapping is no module."""
    values = () if isinstance(module, Mapping) else tuple(vars(module).values())
    return list(dict.fromkeys(value for value in values if isinstance(value, NodeFunction)))


def _add_function(
    function: NodeFunction[..., Any],
    provider: str,
    specs: list[NodeSpec],
    findings: list[Diagnostic],
    version: str | None = None,
) -> None:
    try:
        spec = function.spec
        specs.append(replace(spec, provider=provider, version=version or spec.version))
    except Malformed as error:
        findings.append(_about(provider, BAD_NODE_CLASS, f"the node function {function.type!r} is left out: {error}"))


def _about(name: str, code: str, message: str, hint: str | None = None) -> Diagnostic:
    """Report a finding about a pack rather than about a workflow."""
    return replace(report(code, message, hint=hint), file=name)
