"""The verb `graph`."""

from __future__ import annotations

from typing import Annotated

import typer

from graphexec.cli import options


def graph(
    file: options.File,
    format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="mermaid, dot or svg.")] = "mermaid",
    nodes: options.Nodes = None,
    object_info: options.ObjectInfo = None,
) -> None:
    """Draw a workflow: print a Mermaid or Graphviz text, or an SVG picture. It may have errors.

    A FILE is a path, '-' for standard input, or 'example:NAME' for an example that ships with graphexec.
    """
    from graphexec.cli.drawings import draw_file

    draw_file(file, format, {"nodes": nodes, "object_info": object_info})
