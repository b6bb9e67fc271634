"""The verb `runs`: what ran before."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli import options

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Tell what ran before, from the cache's journal.")


@app.command("ls")
def ls(
    most: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="No more than the last N.")] = 20,
    cache: options.Cache = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """List runs, the newest first: number, start, outcome, seconds, nodes that ran and were reused, files, workflow."""
    from graphexec.cli.journals import list_runs

    list_runs(cache, most, as_json=json)


@app.command("show")
def show(
    run: Annotated[int | None, typer.Argument(metavar="[ID]", show_default=False)] = None,
    cache: options.Cache = None,
    json: Annotated[bool, typer.Option("--json", help="Print its run.json.")] = False,
) -> None:
    """Tell everything about the run ID, or about the last one."""
    from graphexec.cli.journals import show_run

    show_run(run, cache, as_json=json)
