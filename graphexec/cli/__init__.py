"""The command line: one module per verb. Nothing here is imported before it is needed."""

from __future__ import annotations


def main() -> None:
    """Run the program on `sys.argv`; always ends in SystemExit with one of the statuses of `cli.status`."""
    from graphexec.cli.app import start

    start()
