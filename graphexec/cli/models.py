"""The verb `models`: which model files there are, their hashes, and what a workflow needs."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli import options

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="List and hash model files; tell what is missing.")

Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")]


@app.command("list")
def list_(
    folders: Annotated[list[str] | None, typer.Argument(metavar="[FOLDER...]", show_default=False)] = None,
    models: options.Models = None,
    format: Format = "text",
    follow_links: options.FollowLinks = False,
) -> None:
    """List model files of all folders, or of those named: folder, name and bytes, separated by tabs."""
    from graphexec.cli.model_files import list_models

    list_models(folders or (), {"models": models, "follow_links": follow_links or None}, format)


@app.command("hash")
def hash(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", show_default=False)],
    models: options.Models = None,
    format: Format = "text",
    follow_links: options.FollowLinks = False,
) -> None:
    """Print SHA-256, BLAKE3 and AutoV2 (as A1111 and Civitai show it) of files.

    A FILE is a path, or FOLDER/NAME of a model.
    """
    from graphexec.cli.model_files import hash_models

    hash_models(files, {"models": models, "follow_links": follow_links or None}, format)


@app.command("need")
def need(
    file: options.File,
    models: options.Models = None,
    input: options.Input = None,
    nodes: options.Nodes = None,
    object_info: options.ObjectInfo = None,
    format: Format = "text",
    follow_links: options.FollowLinks = False,
) -> None:
    """Tell which files a workflow needs, and of those that are missing where to get them, if it records that.

    Exits with 1 when something is missing. A FILE is a path, '-' for standard input, or 'example:NAME'.
    """
    from graphexec.cli.model_needs import show_needs

    given = {
        "models": models,
        "input": input,
        "nodes": nodes,
        "object_info": object_info,
        "follow_links": follow_links or None,
    }
    raise SystemExit(show_needs(file, given, format))
