"""Batches: cells that differ in a seed are computed together, their keys say so, and resuming changes nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from graphexec.api import Session
from graphexec.errors import UsageError
from graphexec.sweep import sweep
from graphexec.sweep.axes import matrix_axes
from graphexec.sweep.batches import Batchable, batches
from graphexec.sweep.plan import count_work
from graphexec.sweep.planner import plan_sweep
from tests.project.commands import ROOT
from tests.support import painting
from tests.sweep.test_model import models  # noqa: F401 (a fixture)
from tests.sweep.test_run import contents

SAMPLERS = [Batchable(f"n{number}", "seed", "f") for number in range(3)]


def flow():
    return {
        "draw": {"class_type": "Draw", "inputs": {"red": 1, "seed": 0}},
        "tint": {"class_type": "Tint", "inputs": {"colour": ["draw", 0], "blue": 0, "ms": 0}},
        "paint": {"class_type": "Paint", "inputs": {"colour": ["tint", 0], "copies": 1}},
    }


@pytest.fixture
def session(tmp_path):
    session = Session(output=tmp_path, cache=None)
    session.registry = painting.registry()
    painting.calls.clear()
    return session


def drawn():
    return [call for call in painting.calls if call.startswith("Draw")]


def test_cells_that_differ_in_a_seed_are_computed_together(session):
    matrix = {"draw.red": [1, 2], "seed": [1, 2, 3, 4, 5], "tint.blue": [0, 7]}
    result = sweep(session, flow(), matrix=matrix, name="s", batch=3)
    assert drawn() == ["Draw 3", "Draw 2"] * 2
    for path, cell in zip(result.files, result.cells):
        with Image.open(path) as image:
            expected = (cell.values["draw.red"], 100, cell.values["seed"] + cell.values["tint.blue"])
            assert image.getpixel((0, 0)) == expected
            assert json.loads(image.text["prompt"])["draw"]["inputs"]["seed"] == cell.values["seed"]


def test_a_batched_result_is_never_taken_for_a_single_one_nor_the_other_way(session):
    matrix = {"seed": [1, 2]}
    sweep(session, flow(), matrix=matrix, name="together", batch=2)
    sweep(session, flow(), matrix=matrix, name="single")
    assert drawn() == ["Draw 2", "Draw", "Draw"]
    sweep(session, flow(), matrix={"seed": [1, 2, 3]}, name="three", batch=3)
    assert drawn() == ["Draw 2", "Draw", "Draw", "Draw 3"]
    sweep(session, flow(), matrix=matrix, name="again", batch=2)
    assert len(drawn()) == 4
    with pytest.raises(UsageError, match="another sweep"):
        sweep(session, flow(), matrix=matrix, name="together")


def test_a_sweep_that_goes_on_has_the_batches_of_a_clean_run(session, tmp_path):
    matrix = {"seed": [1, 2, 3, 4]}
    before = contents(sweep(session, flow(), matrix=matrix, name="s", batch=4).folder)
    (tmp_path / "s/seed=2.png").unlink()
    other = Session(output=tmp_path, cache=None)
    other.registry = painting.registry()
    painting.calls.clear()
    assert contents(sweep(other, flow(), matrix=matrix, name="s", batch=4).folder) == before
    assert drawn() == ["Draw 4"]


def test_two_nodes_of_one_type_of_which_one_is_batched_have_keys_of_their_own(session):
    two = {**flow(), "other": {"class_type": "Draw", "inputs": {"red": 1, "seed": 1}}}
    two["second"] = {"class_type": "Paint", "inputs": {"colour": ["other", 0], "copies": 1}}
    result = sweep(session, two, matrix={"draw.seed": [1, 2]}, name="s", batch=2)
    assert sorted(drawn()) == ["Draw", "Draw 2"] and all(cell.status == "done" for cell in result.cells)
    colours = []
    for path in result.files:
        with Image.open(path) as image:
            colours.append(image.getpixel((0, 0)))
    assert sorted(colours) == [(1, 0, 1), (1, 0, 1), (1, 100, 1), (1, 100, 2)]


def test_what_a_batch_gives_is_in_the_plan(session):
    axes = matrix_axes({"seed": [1, 2, 3]})
    assert count_work(plan_sweep(session, flow(), axes, batch=3)).cached == 0
    sweep(session, flow(), matrix={"seed": [1, 2, 3]}, name="s", batch=3)
    assert count_work(plan_sweep(session, flow(), axes, batch=3)).cached == 3
    assert count_work(plan_sweep(session, flow(), axes)).cached == 0


def test_batches_are_of_one_process(session):
    with pytest.raises(UsageError, match="either --batch or --jobs"):
        sweep(session, flow(), matrix={"seed": [1, 2]}, name="s", batch=2, jobs=2)


@given(
    st.lists(st.lists(st.tuples(st.sampled_from(SAMPLERS), st.integers(0, 9)), max_size=2), max_size=20),
    st.integers(1, 5),
)
def test_every_seed_is_in_one_batch_at_most_and_none_is_larger_than_asked(seeded, size):
    made = batches([(number, tuple(samplers)) for number, samplers in enumerate(seeded)], size)
    every = {batch for found in made.values() for batch in found}
    assert all(2 <= len(batch.seeds) <= size and len(set(batch.seeds)) == len(batch.seeds) for batch in every)
    members = [(batch.sampler, seed) for batch in every for seed in batch.seeds]
    assert len(members) == len(set(members)) and set(members) <= {at for samplers in seeded for at in samplers}
    for number, found in made.items():
        assert {batch.sampler for batch in found} <= {sampler for sampler, _ in seeded[number]}


@pytest.mark.slow
def test_pictures_of_a_batch_are_those_of_single_runs_within_a_level(tmp_path, models):  # noqa: F811
    import numpy as np

    options = {"matrix": {"seed": [3, 2**64 - 1, 4]}, "params": {"size": 64}}
    pictures = []
    for batch in (1, 3):
        with Session(models=models, output=tmp_path, cache=None) as session:
            result = sweep(session, str(ROOT / "workflows/hello.yaml"), name=f"b{batch}", batch=batch, **options)
        pictures.append([np.asarray(Image.open(path)).astype(int) for path in result.files])
    for single, together in zip(*pictures):
        assert abs(single - together).max() <= 1
    assert abs(pictures[0][0] - pictures[0][1]).max() > 5
