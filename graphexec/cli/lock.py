"""The verb `lock`."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli import options


def lock(
    files: options.Files,
    level: options.Level = None,
    set: options.Set = None,
    param: options.Param = None,
    seed: options.Seed = None,
    target: options.Target = None,
    models: options.Models = None,
    input: options.Input = None,
    device: options.Device = None,
    dtype: options.Dtype = None,
    noise: options.Noise = None,
    threads: options.Threads = None,
    memory: options.Memory = None,
    nodes: options.Nodes = None,
    cache: options.Cache = None,
    follow_links: options.FollowLinks = False,
    deadline: Annotated[
        float | None, typer.Option("--deadline", metavar="S", help="Stop after S seconds; exit status 124.")
    ] = None,
) -> None:
    """Render workflows and write FILE.lock beside each: what went in, and what came out.

    The expected files are kept in FILE.lock.d. Tolerances of a lock that is there already are kept.
    """
    from graphexec.cli.changes import changes_of
    from graphexec.cli.locks import lock_files

    given = {
        "models": models,
        "input": input,
        "device": device,
        "dtype": dtype,
        "noise": noise,
        "threads": threads,
        "memory": memory,
        "nodes": nodes,
        "cache": cache,
        "follow_links": follow_links or None,
        "deadline": deadline,
    }
    raise SystemExit(lock_files(files, given, changes_of(set, param, seed, target), level))
