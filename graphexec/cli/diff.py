"""The verb `diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli import options


def diff(
    files: Annotated[list[str], typer.Argument(metavar="A B", show_default=False)],
    format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
    models: options.Models = None,
    input: options.Input = None,
    nodes: options.Nodes = None,
    object_info: options.ObjectInfo = None,
    follow_links: options.FollowLinks = False,
) -> None:
    """Compare two workflows by what they mean; ids, order and layout do not count.

    Prints nodes removed (-), added (+) and changed (~), and what would run again. As diff(1), exits with 0 when they
    mean the same and with 1 when not. Also takes the seven arguments that git gives to an external diff program.
    """
    from graphexec.cli.differences import diff_files

    given = {
        "models": models,
        "input": input,
        "nodes": nodes,
        "object_info": object_info,
        "follow_links": follow_links or None,
    }
    raise SystemExit(diff_files(files, format, given))
