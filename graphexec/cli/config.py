"""The verb `config`."""

from __future__ import annotations

from typing import Annotated

import typer


def config(
    file: Annotated[str, typer.Argument(metavar="[FILE]", show_default=False)] = "-",
    json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Show which settings are in force for the workflow FILE, or without one, and where each of them comes from."""
    from graphexec.cli.settings_in_force import show

    show(file, as_json=json)
