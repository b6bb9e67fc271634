"""Importing a pack's module without leaving traces: module search path, module table and refused imports."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import RLock
from types import ModuleType
from typing import Any

from graphexec.registry.classcalls import COMFYUI_MODULES

_ONE_AT_A_TIME = RLock()


def import_file(file: Path, name: str) -> ModuleType:
    """Execute a file as module `name` (a package if it is an `__init__.py`); a loaded one is returned as it is.

    Afterwards `sys.path` and `sys.modules` are as before, but for `name`, its submodules, and modules from
    elsewhere that it imported. Whatever the file raises passes through.
    """
    with _ONE_AT_A_TIME:
        if name in sys.modules:
            return sys.modules[name]
        root = file.parent if file.name == "__init__.py" else file
        spec = spec_from_file_location(name, file, submodule_search_locations=[str(root)] if root != file else None)
        if spec is None or spec.loader is None:
            raise ImportError(f"Python cannot load {file}", name=name)
        module = module_from_spec(spec)
        with _traces_removed(name, file.parent), comfyui_refused(name):
            sys.modules[name] = module
            try:
                spec.loader.exec_module(module)
            except BaseException:
                for loaded in [key for key in sys.modules if _belongs(key, name)]:
                    del sys.modules[loaded]
                raise
        return module


@contextmanager
def comfyui_refused(owner: str) -> Iterator[None]:
    """Make ComfyUI's modules missing for module `owner` and its submodules, whatever else has such a name.

    Our own package `nodes` is one: a pack that says `import nodes` means ComfyUI's.
    """
    original = builtins.__import__

    def guarded(
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        if level == 0 and name.partition(".")[0] in COMFYUI_MODULES:
            importer = (globals or {}).get("__name__")
            if isinstance(importer, str) and _belongs(importer, owner):
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return original(name, globals, locals, fromlist, level)

    builtins.__import__ = guarded
    try:
        yield
    finally:
        builtins.__import__ = original


@contextmanager
def _traces_removed(owner: str, folder: Path) -> Iterator[None]:
    path, entries, modules = sys.path, list(sys.path), dict(sys.modules)
    try:
        yield
    finally:
        sys.path = path
        sys.path[:] = entries
        new = [name for name in sys.modules if name not in modules and not _belongs(name, owner)]
        keep = {top for top in {name.partition(".")[0] for name in new} if _is_at_home(top, folder)}
        for name in new:
            if name.partition(".")[0] not in keep:
                del sys.modules[name]
        sys.modules.update({name: module for name, module in modules.items() if sys.modules.get(name) is not module})


def _is_at_home(name: str, folder: Path) -> bool:
    """Whether a top-level module would be found without the pack: outside its folder, or on the search path."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    if spec is None:
        return False
    homes = [*(spec.submodule_search_locations or ()), *([spec.origin] if spec.has_location and spec.origin else [])]
    inside = [home for home in map(Path, homes) if home.resolve().is_relative_to(folder)]
    return not inside or any(home.resolve().parent in map(Path.resolve, map(Path, sys.path)) for home in inside)


def _belongs(name: str, owner: str) -> bool:
    return name == owner or name.startswith(owner + ".")
