"""The cost of a node does not grow with the graph: a guard against what is worse than linear, with much slack."""

import time

import pytest

import graphexec
from tests.benchmarks.flows import SHAPES, written

SMALL, LARGE = 1_000, 16_000
SLACK = 3
"""Measured: a tenth more at 10,000 nodes than at 1,000, as caches of the processor are left behind."""


def seconds_a_node(session, file, count):
    """The better of two runs that read, check, plan and run a file; CPU time."""
    found = []
    for _ in range(2):
        started = time.process_time()
        session.run(file)
        found.append((time.process_time() - started) / count)
    return min(found)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_node_costs_the_same_in_a_large_graph(shape, tmp_path):
    files = {count: written(tmp_path, shape, count) for count in (SMALL, LARGE)}
    with graphexec.Session(nodes=[tmp_path / "pack.py"], output=tmp_path, cache=None, memory=0) as session:
        small, large = (seconds_a_node(session, file, count) for count, file in files.items())
    assert large < SLACK * small
