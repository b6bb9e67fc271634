"""The verb `config`."""

from __future__ import annotations

from typing import Annotated

import typer


def config(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The workflow whose settings to show.")] = "-",
    json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Show which settings are in force, and where each of them comes from."""
    from graphexec.cli.settings_in_force import show

    show(file, as_json=json)
