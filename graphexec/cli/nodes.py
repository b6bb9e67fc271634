"""The verb `nodes`: what node types there are."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli.options import Models, Nodes

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="List and describe node types.")


@app.command("list")
def list_(
    nodes: Nodes = None,
    known: Annotated[
        bool, typer.Option("--known", help="Those that are known to ComfyUI and not implemented here, instead.")
    ] = False,
) -> None:
    """List node types: name, menu and provider, separated by tabs."""
    from graphexec.cli.node_types import list_types

    list_types(nodes, known=known)


@app.command("show")
def show(
    type: Annotated[str, typer.Argument(metavar="TYPE")],
    nodes: Nodes = None,
) -> None:
    """Describe a node type: its inputs in order, with kinds, defaults and ranges, and its outputs."""
    from graphexec.cli.node_types import show_type

    show_type(type, nodes)


@app.command("object-info")
def object_info(
    types: Annotated[list[str] | None, typer.Argument(metavar="[TYPE...]")] = None,
    nodes: Nodes = None,
    models: Models = None,
) -> None:
    """Print what ComfyUI's /object_info tells of the node types, or of those named, as JSON."""
    from graphexec.cli.node_types import print_object_info

    print_object_info(types or [], nodes, models)


@app.command("coverage")
def coverage(
    as_json: Annotated[bool, typer.Option("--json", help="Print the names as JSON.")] = False,
) -> None:
    """Tell which of ComfyUI's core nodes are implemented, and which are only known."""
    from graphexec.cli.node_types import print_coverage

    print_coverage(as_json)


@app.command("stubs")
def stubs(
    output: Annotated[str, typer.Option("--output", "-o", metavar="DIR", help="Where the Python files go.")],
    nodes: Nodes = None,
    object_info: Annotated[
        str | None,
        typer.Option("--object-info", metavar="FILE", help="What /object_info of a ComfyUI server answers, as JSON."),
    ] = None,
) -> None:
    """Write typed Python functions for the nodes of packs or of a server, or else for the built-in nodes."""
    from graphexec.cli.node_types import write_stubs

    write_stubs(output, nodes, object_info)
