"""The verb `verify`."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli import options


def verify(
    files: options.Files,
    level: options.Level = None,
    update: Annotated[
        bool, typer.Option("--update", help="Accept the new renders: write the locks anew, tolerances kept.")
    ] = False,
    junit: Annotated[str | None, typer.Option("--junit", metavar="PATH", help="Write a JUnit XML report.")] = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="PATH", help="Write a report with the pictures, as one HTML file.")
    ] = None,
    models: options.Models = None,
    input: options.Input = None,
    device: options.Device = None,
    dtype: options.Dtype = None,
    noise: options.Noise = None,
    threads: options.Threads = None,
    memory: options.Memory = None,
    nodes: options.Nodes = None,
    follow_links: options.FollowLinks = False,
    deadline: Annotated[
        float | None, typer.Option("--deadline", metavar="S", help="Stop after S seconds; exit status 124.")
    ] = None,
) -> None:
    """Render workflows again, without any cache, and compare with FILE.lock.

    The exit status is 4 when an output differs, 5 when the workflow, its files or its node types are not what was
    locked.
    """
    from graphexec.cli.verification import verify_files

    given = {
        "models": models,
        "input": input,
        "device": device,
        "dtype": dtype,
        "noise": noise,
        "threads": threads,
        "memory": memory,
        "nodes": nodes,
        "follow_links": follow_links or None,
        "deadline": deadline,
    }
    raise SystemExit(verify_files(files, given, level=level, update=update, junit=junit, html=html))
