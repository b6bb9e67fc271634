"""The verb `sweep`."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli import options


def sweep(
    file: options.File,
    matrix: Annotated[
        list[str] | None,
        typer.Option("--matrix", metavar="NAME=A,B,...", help="Vary a value: 3.cfg=5,7 or seed=1..4. Repeatable."),
    ] = None,
    zip: Annotated[
        list[str] | None,
        typer.Option(
            "--zip", metavar="NAME=A,B,...", help="Vary values together, the first with the first. Repeatable."
        ),
    ] = None,
    table: Annotated[
        str | None, typer.Option("--from", metavar="TABLE", help="Vary by the rows of a CSV, TSV or JSON Lines file.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Folder for the results in the output directory.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=1, help="Processes that work side by side.")] = 1,
    devices: Annotated[
        str | None,
        typer.Option("--devices", metavar="A,B", help="Devices for the jobs, in turn: cuda:0,cuda:1."),
    ] = None,
    per_device: Annotated[
        int, typer.Option("--per-device", metavar="N", min=1, help="Jobs that one accelerator takes.")
    ] = 1,
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", min=1, help="Sample up to N cells that differ in a seed together.")
    ] = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and plan only.")] = False,
    max_cells: Annotated[int, typer.Option("--max-cells", metavar="N", min=1, help="Refuse more cells.")] = 10_000,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Remove what an earlier sweep of this name left, and start anew.")
    ] = False,
    set: options.Set = None,
    param: options.Param = None,
    seed: options.Seed = None,
    target: options.Target = None,
    models: options.Models = None,
    input: options.Input = None,
    output: options.Output = None,
    device: options.Device = None,
    dtype: options.Dtype = None,
    noise: options.Noise = None,
    threads: options.Threads = None,
    memory: options.Memory = None,
    cache: options.Cache = None,
    nodes: options.Nodes = None,
    follow_links: options.FollowLinks = False,
    deadline: Annotated[
        float | None, typer.Option("--deadline", metavar="S", help="Stop after S seconds; exit status 124.")
    ] = None,
    previews: Annotated[bool, typer.Option("--previews", help="Write what preview nodes show, too.")] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the plan as JSON, events as NDJSON, and nothing else.")
    ] = False,
) -> None:
    """Run a workflow with many values, and write a contact sheet.

    The cells are the product of all --matrix, of the --zip values taken together, and of the rows of --from. Work that
    cells share is done once. The same command again goes on where it was stopped.

    A FILE is a path, '-' for standard input, or 'example:NAME' for an example that ships with graphexec.
    """
    from graphexec.cli.changes import changes_of
    from graphexec.cli.sweeps import Asked, run_sweep_of

    given = {
        "models": models,
        "input": input,
        "output": output,
        "device": device,
        "dtype": dtype,
        "noise": noise,
        "threads": threads,
        "memory": memory,
        "cache": cache,
        "nodes": nodes,
        "follow_links": follow_links or None,
        "deadline": deadline,
        "previews": previews or None,
    }
    asked = Asked(
        tuple(matrix or ()), tuple(zip or ()), table, name, jobs, _names(devices), per_device, batch, dry_run,
        max_cells, fresh, json,
    )  # fmt: skip
    raise SystemExit(run_sweep_of(file, given, changes_of(set, param, seed, target), asked))


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(filter(None, (text or "").split(",")))
