"""The verb `cache`: what is kept between runs."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli.options import Cache

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look after the results kept between runs.")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("path")
def path(cache: Cache = None) -> None:
    """Print the directory of the cache."""
    from graphexec.cli.caches import print_path

    print_path(cache)


@app.command("stats")
def stats(cache: Cache = None, json: Json = False) -> None:
    """Tell how much the cache holds, and which node types take most."""
    from graphexec.cli.caches import print_stats

    print_stats(cache, as_json=json)


@app.command("verify")
def verify(cache: Cache = None, json: Json = False) -> None:
    """Read everything in the cache; what is damaged is removed, and the exit status is 4."""
    from graphexec.cli.caches import verify_all

    raise SystemExit(verify_all(cache, as_json=json))


@app.command("gc")
def gc(
    cache: Cache = None,
    size: Annotated[
        str | None, typer.Option("--size", metavar="BYTES", help="Keep at most so much, such as 2GiB.")
    ] = None,
    json: Json = False,
) -> None:
    """Remove what is over the budget and what nothing uses, but nothing that a run in progress needs."""
    from graphexec.cli.caches import collect_garbage

    collect_garbage(cache, size, as_json=json)


@app.command("clear")
def clear(cache: Cache = None, json: Json = False) -> None:
    """Remove everything but what a run in progress needs."""
    from graphexec.cli.caches import clear_all

    clear_all(cache, as_json=json)
