"""The verb `fmt`."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli import options


def fmt(
    files: options.Files,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 when a file is not formatted.")
    ] = False,
) -> None:
    """Rewrite workflows in graphexec's YAML in canonical form; comments are kept.

    Prints the paths of the files that were rewritten, or with --check would be. A FILE is a path, or '-' to format
    standard input to standard output.
    """
    from graphexec.cli.formatting import format_files

    raise SystemExit(format_files(files, check=check))
