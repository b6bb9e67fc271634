"""The table of samplers."""

import inspect

import pytest

from graphexec.diffusion.names import SAMPLER_NAMES
from graphexec.diffusion.samplers import table
from graphexec.diffusion.samplers.table import SAMPLERS
from tests.diffusion.sampling.exact import mixture, points, solve, uniform


def test_names_are_those_of_the_editor():
    assert sorted(SAMPLERS) == sorted(SAMPLER_NAMES)
    assert len(SAMPLERS) == sum(len(family.SAMPLERS) for family in table.FAMILIES)  # no name twice


@pytest.mark.parametrize("name", SAMPLERS)
def test_declared_evaluations_are_made(name):
    """In a step under way: the first and the last of a multistep method may need others."""
    spec, calls = SAMPLERS[name], []

    def counting(x, sigma):
        calls.append(sigma)
        return mixture(x, sigma)

    if spec.grid == "own":
        return
    counts = []
    for steps in (8, 9):
        calls.clear()
        solve(name, uniform(steps), points(), denoise=counting)
        counts.append(len(calls))
    assert counts[1] - counts[0] == spec.evaluations


@pytest.mark.parametrize("family", table.FAMILIES, ids=lambda family: family.__name__.rsplit(".", 1)[1])
def test_rows_name_their_source_and_modules_stay_short(family):
    assert all(spec.source for spec in family.SAMPLERS)
    assert len(inspect.getsource(family).splitlines()) <= 200
