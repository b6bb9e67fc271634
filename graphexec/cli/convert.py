"""The verb `convert`."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli import options


def convert(
    file: options.File,
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="api, editor, yaml or python.")],
    out: Annotated[
        str | None, typer.Option("--out", "-o", metavar="OUT", help="The file to write; else standard output.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read what was written and prove that it means the same, or exit with 4.")
    ] = False,
    param: options.Param = None,
    nodes: options.Nodes = None,
    object_info: options.ObjectInfo = None,
) -> None:
    """Write a workflow in another format: ComfyUI's API format, a file for its editor, graphexec's YAML, a program.

    A FILE is a path, '-' for standard input, or 'example:NAME' for an example that ships with graphexec.
    """
    from graphexec.cli.changes import changes_of
    from graphexec.cli.conversions import convert_file

    given = {"nodes": nodes, "object_info": object_info}
    raise SystemExit(convert_file(file, to, out, given, changes_of(None, param, None, None), verify=verify))
