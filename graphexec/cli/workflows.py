"""FILE arguments: paths, `-` for standard input, and `example:NAME` for what ships with graphexec."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import graphexec
from graphexec.errors import UsageError

EXAMPLE = "example:"
STDIN = "-"
_FORMATS = (".yaml", ".json")


def examples_directory() -> Path:
    """Return where the examples lie: inside the installed package, or in the source tree beside it."""
    package = Path(graphexec.__file__).parent
    installed = package / "_workflows"
    return installed if installed.is_dir() else package.parent / "workflows"


def example_names() -> list[str]:
    """Return the names of the shipped examples, sorted."""
    return sorted(path.stem for path in examples_directory().glob("*") if path.suffix in _FORMATS)


def example_path(name: str) -> Path:
    """Return the file of an example. Raises UsageError for a name that is none."""
    names = example_names()
    if name not in names:
        from graphexec.diagnostics.suggest import nearest

        near = nearest(name, names, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
        raise UsageError(f"no example is called {name!r}: {hint}")
    directory = examples_directory()
    return next(path for path in (directory / f"{name}{suffix}" for suffix in _FORMATS) if path.is_file())


def resolve_argument(argument: str) -> str:
    """Return the path (or `-`) that a FILE argument means. Raises UsageError for an example that is none."""
    return str(example_path(argument.removeprefix(EXAMPLE))) if argument.startswith(EXAMPLE) else argument


def once(arguments: Sequence[str]) -> Sequence[str]:
    """Return the FILE arguments. Raises UsageError when standard input is among them twice."""
    if list(arguments).count(STDIN) > 1:
        raise UsageError("standard input ('-') can be read only once")
    return arguments


def directory_of(argument: str) -> Path:
    """Return the directory beside whose graphexec.toml a FILE argument is read."""
    if argument == STDIN:
        return Path()
    if argument.startswith(EXAMPLE):
        return examples_directory()
    return Path(argument).absolute().parent
