"""Contestants that the tests of the race let run."""

from __future__ import annotations

from tests.benchmarks.gate import Gate


def holding(gate: Gate, name: str) -> None:
    """Holds 50 MB, and counts its laps."""
    held = bytearray(b"x" * 50_000_000)
    gate.ready()
    for number in range(3):
        gate.lap(number=number, name=name, held=len(held))


def failing(gate: Gate) -> None:
    """Fails before it is ready."""
    raise ValueError("on purpose")
