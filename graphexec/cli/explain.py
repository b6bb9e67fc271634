"""The verb `explain`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from graphexec.cli import options


def explain(
    file: options.File,
    node: Annotated[str | None, typer.Argument(metavar="[NODE]", show_default=False)] = None,
    set: options.Set = None,
    param: options.Param = None,
    seed: options.Seed = None,
    target: options.Target = None,
    models: options.Models = None,
    input: options.Input = None,
    nodes: options.Nodes = None,
    follow_links: options.FollowLinks = False,
    device: options.Device = None,
    dtype: options.Dtype = None,
    noise: options.Noise = None,
    threads: options.Threads = None,
    memory: options.Memory = None,
    cache: options.Cache = None,
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """Tell why each node of a workflow, or one NODE, would be reused or run anew, and what has changed since.

    A FILE is a path, '-' for standard input, or 'example:NAME' for an example that ships with graphexec.
    """
    from graphexec.cli.changes import changes_of
    from graphexec.cli.explanations import show_explanation

    given = {
        "models": models,
        "input": input,
        "nodes": nodes,
        "follow_links": follow_links or None,
        "device": device,
        "dtype": dtype,
        "noise": noise,
        "threads": threads,
        "memory": memory,
        "cache": cache,
    }
    show_explanation(file, node, given, changes_of(set, param, seed, target), as_json=format == "json")
