"""The verb `run`."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli import options


def run(
    files: options.Files,
    set: options.Set = None,
    param: options.Param = None,
    seed: options.Seed = None,
    target: options.Target = None,
    models: options.Models = None,
    input: options.Input = None,
    output: options.Output = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEMPLATE", help="Prefix of file names, in place of the workflow's.")
    ] = None,
    device: options.Device = None,
    dtype: options.Dtype = None,
    noise: options.Noise = None,
    threads: options.Threads = None,
    memory: options.Memory = None,
    nodes: options.Nodes = None,
    object_info: options.ObjectInfo = None,
    follow_links: options.FollowLinks = False,
    cache: options.Cache = None,
    deadline: Annotated[
        float | None, typer.Option("--deadline", metavar="S", help="Stop after S seconds; exit status 124.")
    ] = None,
    previews: Annotated[bool, typer.Option("--previews", help="Write what preview nodes show, too.")] = False,
    frozen: Annotated[
        bool, typer.Option("--frozen", help="Run only if nothing has changed since FILE.lock was written.")
    ] = False,
    report: Annotated[
        str | None, typer.Option("--report", metavar="FILE", help="Write what ran to FILE, as JSON (run.json).")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print events as NDJSON on standard output, and nothing else.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a node that fails.")] = False,
) -> None:
    """Run workflows and print the paths of the files that they write.

    A FILE is a path, '-' for standard input, or 'example:NAME' for an example that ships with graphexec.
    """
    from graphexec.cli.changes import changes_of
    from graphexec.cli.runs import Way, run_files

    given = {
        "models": models,
        "input": input,
        "output": output,
        "name": name,
        "device": device,
        "dtype": dtype,
        "noise": noise,
        "threads": threads,
        "memory": memory,
        "nodes": nodes,
        "object_info": object_info,
        "follow_links": follow_links or None,
        "cache": cache,
        "deadline": deadline,
        "previews": previews or None,
    }
    changes = changes_of(set, param, seed, target)
    way = Way(as_json=json, debug=debug, frozen=frozen, report=report)
    raise SystemExit(run_files(files, given, changes, way))
