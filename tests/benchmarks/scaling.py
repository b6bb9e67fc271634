"""Claim: cost grows in proportion to nodes, steps and batch, and no faster than attention does with resolution.

Nodes: chains and layered graphs of trivial nodes, cold. Batch and resolution: one step with cfg of the UNet of SD1.5
in bf16 through a Session, sizes one after another. Steps: whole runs of KSamplerAdvanced with the shipped model. The
grey lines are what proportional cost would be.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from graphexec.diffusion.loading.checkpoint import load_checkpoint
from graphexec.diffusion.memory import WeightsPool
from tests.benchmarks import checkpoints, engine, sampler
from tests.benchmarks.curves import Curve, drawn, proportional
from tests.benchmarks.flows import SHAPES, written
from tests.benchmarks.options import Options
from tests.benchmarks.race import Entry, Outcome, race
from tests.benchmarks.rivals import MATPLOTLIB, missing
from tests.benchmarks.tables import Part, Plot, Table, number, spread
from tests.benchmarks.work import unet_work

NODES, TINY_NODES = (1_000, 3_000, 10_000, 30_000, 100_000), (60, 120)
SIDES, TINY_SIDES = (256, 384, 512, 768), (64, 128)
BATCHES, TINY_BATCHES = (1, 2, 4, 8), (1, 2)
BATCH_SIDE = 256
STEPS, TINY_STEPS = (2, 4, 8, 16, 32, 64), (1, 2)
DTYPE = "bf16"
LAPS = 3


def measure(options: Options) -> Sequence[Part]:
    """Tables, with plots where there is a place for them and matplotlib is here."""
    checkpoints.models(options)
    return [
        part for found in (_nodes(options), _resolution(options), _batch(options), _steps(options)) for part in found
    ]


def _nodes(options: Options) -> list[Part]:
    counts = TINY_NODES if options.tiny else NODES
    curves: dict[str, Curve] = {}
    rows = []
    for shape in SHAPES:
        curve = []
        for count in counts:
            written(options.scratch / "graphs", shape, count)
            settings = {"scratch": str(options.scratch), "shape": shape, "count": count}
            outcome = _alone(Entry(engine.COLD, f"{engine.MODULE}:cold", settings, fresh=True), options)
            curve.append((count, statistics.median(outcome.cpu)))
            rows.append((f"{shape}, {count:,}", spread(outcome.cpu), spread(outcome.cpu, "µs", 1e6 / count)))
        curves[shape] = curve
    table = Table("Nodes: cold runs", ("graph", "CPU time", "a node"), tuple(rows))
    return [table, *_plot("nodes", ("nodes", "CPU seconds"), "Cost against nodes", curves, options)]


def _resolution(options: Options) -> list[Part]:
    rows, curve, work = [], [], []
    layout = load_checkpoint(checkpoints.models(options) / "checkpoints" / checkpoints.NAME, WeightsPool()).model.layout
    for side in TINY_SIDES if options.tiny else SIDES:
        outcome = _alone(sampler.ours(DTYPE, side, options), options)
        seconds, amount = statistics.median(outcome.seconds), 2 * unet_work(layout, side // 8, checkpoints.TOKENS)
        curve.append((side, seconds))
        work.append((side, amount))
        rate = f"{number(amount / seconds / 1e9)} GFLOP/s"
        rows.append((f"{side}x{side}", spread(outcome.seconds), f"{number(amount / 1e9)} GFLOP", rate))
    table = Table("Resolution: a step with cfg", ("image", "wall", "work", "rate"), tuple(rows))
    scaled = [(side, amount * curve[0][1] / work[0][1]) for side, amount in work]
    lines = {"in proportion to pixels": proportional(curve, 2), "in proportion to the work": scaled}
    labels = ("pixels a side", "seconds a step")
    return [table, *_plot("resolution", labels, "Cost against resolution", {DTYPE: curve}, options, lines)]


def _batch(options: Options) -> list[Part]:
    rows, curve = [], []
    side = 64 if options.tiny else BATCH_SIDE
    for batch in TINY_BATCHES if options.tiny else BATCHES:
        outcome = _alone(sampler.ours(DTYPE, side, options, batch), options)
        curve.append((batch, statistics.median(outcome.seconds)))
        rows.append((f"{batch}", spread(outcome.seconds), spread(outcome.seconds, factor=1 / batch)))
    table = Table(f"Batch: a step with cfg at {side}x{side}", ("images", "wall", "an image"), tuple(rows))
    return [table, *_plot("batch", ("images", "seconds a step"), "Cost against batch", {DTYPE: curve}, options)]


def _steps(options: Options) -> list[Part]:
    counts = TINY_STEPS if options.tiny else STEPS
    settings = {"scratch": str(options.scratch), "counts": counts}
    outcome = _alone(Entry("steps", "tests.benchmarks.scaling_contestants:runs", settings), options, LAPS * len(counts))
    rows, curve = [], []
    for place, count in enumerate(counts):
        seconds = outcome.seconds[place :: len(counts)]
        curve.append((count, statistics.median(seconds)))
        rows.append((f"{count}", spread(seconds), spread(seconds, "ms", 1e3 / count)))
    table = Table("Steps: a run of the shipped model at 128x128", ("steps", "wall", "a step"), tuple(rows))
    return [table, *_plot("steps", ("steps", "seconds"), "Cost against steps", {"a run": curve}, options)]


def _alone(entry: Entry, options: Options, laps: int = LAPS) -> Outcome:
    outcome = race([entry], options, laps=1 if options.tiny and laps == LAPS else laps)[entry.name]
    if outcome.failure:
        raise RuntimeError(f"{entry.name}: {outcome.failure}")
    return outcome


def _plot(
    name: str, axes: tuple[str, str], title: str, curves: dict[str, Any], options: Options, lines: Any = None
) -> list[Part]:
    """The plot of some curves, or a word on why there is none."""
    if options.pictures is None:
        return []
    if not MATPLOTLIB.here:
        return [Table(title, missing([MATPLOTLIB], options) or ("no plot without matplotlib",), ())]
    first = next(iter(curves.values()))
    lines = lines or {"in proportion": proportional(first)}
    plot: Plot = drawn(options.pictures / f"{name}.svg", title, axes, curves, lines)
    return [plot]
