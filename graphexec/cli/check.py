"""The verb `check`."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli import options


def check(
    files: options.Files,
    models: options.Models = None,
    format: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="text, json, sarif or github.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Treat warnings as errors.")] = False,
    set: options.Set = None,
    param: options.Param = None,
    seed: options.Seed = None,
    target: options.Target = None,
    input: options.Input = None,
    nodes: options.Nodes = None,
    object_info: options.ObjectInfo = None,
    follow_links: options.FollowLinks = False,
) -> None:
    """Check workflows and print all findings; nothing runs.

    A model that is missing is a warning, and with --models an error.

    A FILE is a path, '-' for standard input, or 'example:NAME' for an example that ships with graphexec.
    """
    from graphexec.cli.changes import changes_of
    from graphexec.cli.checks import check_files

    given = {
        "models": models,
        "format": format,
        "strict": strict or None,
        "input": input,
        "nodes": nodes,
        "object_info": object_info,
        "follow_links": follow_links or None,
    }
    raise SystemExit(check_files(files, given, changes_of(set, param, seed, target)))
