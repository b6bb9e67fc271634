"""The Typer application: the verbs, `--version`, and the one place where exceptions become exit statuses."""

from __future__ import annotations

import signal
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

import graphexec
from graphexec.cli import (
    cache,
    check,
    config,
    convert,
    diff,
    explain,
    fmt,
    graph,
    history,
    lock,
    models,
    nodes,
    plan,
    run,
    sweep,
    verify,
)
from graphexec.cli.status import Status, exit_statuses, stop_for_bug
from graphexec.cli.stopping import terminate
from graphexec.cli.terminal import prepare_streams, result


class Verbs(TyperGroup):
    """The group of verbs; what a verb raises becomes an exit status."""

    def invoke(self, ctx: Any) -> Any:
        with exit_statuses():
            return super().invoke(ctx)


app = typer.Typer(
    cls=Verbs, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)


def _version(asked: bool) -> None:
    if asked:
        result(f"graphexec {graphexec.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Run node-graph image workflows (ComfyUI files, YAML) without a server or a browser."""


app.command("run")(run.run)
app.command("sweep")(sweep.sweep)
app.command("check")(check.check)
app.command("plan")(plan.plan)
app.command("explain")(explain.explain)
app.command("graph")(graph.graph)
app.command("lock")(lock.lock)
app.command("verify")(verify.verify)
app.command("convert")(convert.convert)
app.command("diff")(diff.diff)
app.command("fmt")(fmt.fmt)
app.add_typer(models.app, name="models")
app.add_typer(nodes.app, name="nodes")
app.add_typer(cache.app, name="cache")
app.command("config")(config.config)
app.add_typer(history.app, name="runs")


def start() -> NoReturn:
    """Run the program on `sys.argv`."""
    prepare_streams()
    signal.signal(signal.SIGTERM, terminate)
    try:
        app(prog_name="graphexec")
    except Exception:
        stop_for_bug()
    raise SystemExit(Status.DONE)
