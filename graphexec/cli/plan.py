"""The verb `plan`."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli import options


def plan(
    file: options.File,
    set: options.Set = None,
    param: options.Param = None,
    seed: options.Seed = None,
    target: options.Target = None,
    models: options.Models = None,
    input: options.Input = None,
    nodes: options.Nodes = None,
    object_info: options.ObjectInfo = None,
    follow_links: options.FollowLinks = False,
    cache: options.Cache = None,
    device: options.Device = None,
    dtype: options.Dtype = None,
    noise: options.Noise = None,
    threads: options.Threads = None,
    memory: options.Memory = None,
    json: Annotated[bool, typer.Option("--json", help="Print the plan as one JSON object.")] = False,
) -> None:
    """Show what a run would do: the steps in order, their cache keys, and what would be reused.

    A FILE is a path, '-' for standard input, or 'example:NAME' for an example that ships with graphexec.
    """
    from graphexec.cli.changes import changes_of
    from graphexec.cli.plans import show_plan

    given = {
        "models": models,
        "input": input,
        "nodes": nodes,
        "object_info": object_info,
        "follow_links": follow_links or None,
        "cache": cache,
        "device": device,
        "dtype": dtype,
        "noise": noise,
        "threads": threads,
        "memory": memory,
    }
    show_plan(file, given, changes_of(set, param, seed, target), as_json=json)
