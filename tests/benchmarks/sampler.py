"""Claim: a step and a decode of SD1.5 take no longer than in diffusers, with the same results, near its limit.

A step is one step of KSamplerAdvanced in a workflow run by a Session: guidance, sampler, progress and checkpoints of
the run included. diffusers makes the steps of its pipeline's loop. Both have a process of their own and the same
single-file checkpoint of random weights, make steps by turns, and must agree after the first step. The percentage is
of the fastest matrix product that PyTorch made between the steps.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy

from graphexec.diffusion.loading.checkpoint import load_checkpoint
from graphexec.diffusion.memory import WeightsPool
from tests.benchmarks import checkpoints
from tests.benchmarks.options import Options
from tests.benchmarks.race import Entry, Outcome, race
from tests.benchmarks.rivals import DIFFUSERS, missing, present
from tests.benchmarks.tables import MISSING, Part, Table, gigabytes, number, ratio, spread
from tests.benchmarks.work import decoder_work, unet_work

CFG = 7.0
TOLERANCE: Mapping[str, float] = {"fp32": 2e-3, "bf16": 0.25}
"""Largest relative difference (L2) of what the first step changes, and of decoded images from their mean.

Guidance by 7 multiplies the rounding of bf16, and diffusers rounds the latent too: together some percent. A wrong
level, seed or sign gives 1 and more.
"""
OURS, THEIRS = "graphexec", "diffusers"
PRODUCT, CONVOLUTION = "matrix product", "convolution"
COLUMNS = ("contestant", "time", "diffusers / it", "of product's peak", "CPU time", "load and first", "RssAnon", "RSS")


def measure(options: Options) -> Sequence[Part]:
    """Tables of steps and decodes in bf16 and fp32."""
    models = checkpoints.models(options)
    size = 64 if options.tiny else 512
    model, _, vae = load_checkpoint(models / "checkpoints" / checkpoints.NAME, WeightsPool())
    assert vae is not None
    step = 2 * unet_work(model.layout, size // 8, checkpoints.TOKENS)
    decode = decoder_work(vae.layout, size // 8)
    tables = []
    for dtype in ("fp32",) if options.tiny else ("bf16", "fp32"):
        tables.append(
            _table(f"Step with cfg at {size}x{size}, {dtype}", _steps(dtype, size, options), dtype, step, options)
        )
        title = f"VAE decode at {size}x{size}, {dtype}"
        tables.append(_table(title, _decodes(dtype, size, options), dtype, decode, options))
    return tables


def ours(dtype: str, size: int, options: Options, batch: int = 1, name: str = OURS) -> Entry:
    """Our steps."""
    return Entry(name, "tests.benchmarks.sampler_ours:steps", _settings(dtype, size, options, batch))


def _settings(dtype: str, size: int, options: Options, batch: int = 1) -> dict[str, Any]:
    return {
        "scratch": str(options.scratch),
        "dtype": dtype,
        "width": checkpoints.size(options).text,
        "size": size,
        "batch": batch,
        "count": max(20, options.repeat + 2),
        "cfg": CFG,
    }


def _steps(dtype: str, size: int, options: Options) -> list[Entry]:
    settings = {**_settings(dtype, size, options), "channels": checkpoints.size(options).unet}
    function = "tests.benchmarks.sampler_diffusers:steps"
    entries = [ours(dtype, size, options)]
    if present(DIFFUSERS, options):
        entries.append(Entry(THEIRS, function, settings))
        entries.append(Entry(f"{THEIRS}, channels last", function, settings | {"channels_last": True}))
        if options.compiled:
            frozen = {"TORCHINDUCTOR_FREEZING": "1"}
            entries.append(Entry(f"{THEIRS}, compiled", function, settings | {"compiled": True}, environment=frozen))
    return entries


def _decodes(dtype: str, size: int, options: Options) -> list[Entry]:
    settings = {"scratch": str(options.scratch), "dtype": dtype, "size": size}
    entries = [Entry(OURS, "tests.benchmarks.sampler_ours:decodes", settings)]
    if present(DIFFUSERS, options):
        settings = {**settings, "channels": checkpoints.size(options).vae}
        entries.append(Entry(THEIRS, "tests.benchmarks.sampler_diffusers:decodes", settings))
    return entries


def _peaks(dtype: str, options: Options) -> list[Entry]:
    sizes = {"channels": 32, "size": 16} if options.tiny else {"channels": 320, "size": 64}
    square = {"dtype": dtype, "size": 256 if options.tiny else 4096}
    module = "tests.benchmarks.peak"
    return [
        Entry(PRODUCT, f"{module}:product", square),
        Entry(CONVOLUTION, f"{module}:convolution", {"dtype": dtype, **sizes}),
    ]


def _table(title: str, entries: list[Entry], dtype: str, work: int, options: Options) -> Table:
    outcomes = race([*entries, *_peaks(dtype, options)], options)
    peaks = {name: max(rates(outcomes.pop(name))) / 1e9 for name in (PRODUCT, CONVOLUTION)}
    notes = [f"Peak of a {name}: {number(peak)} GFLOP/s." for name, peak in peaks.items()]
    notes.append(f"The work is {number(work / 1e9)} GFLOP.")
    reference = outcomes.get(THEIRS)
    rows = []
    for name, outcome in outcomes.items():
        if outcome.failure:
            rows.append((name, outcome.failure, *[MISSING] * (len(COLUMNS) - 2)))
            continue
        if outcome is not outcomes[OURS]:
            notes.append(f"{name} differs from graphexec by {compared(outcomes[OURS], outcome, TOLERANCE[dtype]):.1e}.")
        share = work / statistics.median(outcome.seconds) / 1e9 / peaks[PRODUCT]
        rows.append(
            (
                name,
                spread(outcome.seconds),
                ratio(reference.seconds, outcome.seconds) if reference else MISSING,
                f"{share:.0%}",
                spread(outcome.cpu),
                spread(outcome.values("first")),
                gigabytes(outcome.anonymous),
                gigabytes(outcome.resident),
            )
        )
    return Table(title, COLUMNS, tuple(rows), (*notes, *missing([DIFFUSERS], options)))


def rates(outcome: Outcome) -> list[float]:
    """Operations a second, by lap."""
    if outcome.failure:
        raise RuntimeError(outcome.failure)
    return [work / seconds for work, seconds in zip(outcome.values("work"), outcome.seconds, strict=True)]


def compared(first: Outcome, second: Outcome, tolerance: float) -> float:
    """Relative difference of two outputs from each other. Raises AssertionError where they are not the same."""
    assert first.output and second.output
    a, b = numpy.load(first.output), numpy.load(second.output)
    assert a.shape == b.shape, f"outputs of shapes {a.shape} and {b.shape}"
    difference = float(numpy.linalg.norm(a - b) / numpy.linalg.norm(a - a.mean()))
    assert difference < tolerance, f"outputs differ by {difference:.2g}, over {tolerance}"
    return difference
