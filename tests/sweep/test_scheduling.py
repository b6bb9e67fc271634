"""Which worker runs which cell: no work twice, nobody waits for ever, weights stay where they are."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from graphexec.sweep.cells import Cell
from graphexec.sweep.jobs import places
from graphexec.sweep.plan import PlannedCell, Work
from graphexec.sweep.scheduling import Scheduling

KINDS = st.sampled_from(["load", "encode", "sample", "decode", "other"])


@st.composite
def sweeps(draw):
    """Draw works and cells that need some of them, each in the order of the works."""
    kinds = draw(st.lists(KINDS, min_size=1, max_size=8))
    works = [Work(str(n), kind, None, kind == "load", (n, 0)) for n, kind in enumerate(kinds)]
    needs = draw(st.lists(st.sets(st.integers(0, len(works) - 1)), min_size=1, max_size=12))
    return works, [cell(n, sorted(need)) for n, need in enumerate(needs)]


def cell(number, works):
    return PlannedCell(Cell(number, (number,), {}), "", tuple((f"n{work}", work) for work in works), ())


def simulate(data, works, cells, shared, deaths=0):
    """Run all cells on three workers in an order that Hypothesis chooses; return who computed what, in order."""
    scheduling = Scheduling(cells, works, shared)
    stored, memories, running, log, ended = set(), [set() for _ in range(3)], {}, [], []
    while len(scheduling) or running:
        moves = ["step"] * bool(running) + ["die"] * bool(running and deaths)
        for worker in {0, 1, 2} - {worker for worker, _ in running.values()}:
            planned = scheduling.take(worker)
            if planned is not None:
                running[planned.cell.number] = (worker, list(planned.steps))
        assert running, "everybody waits"
        number = data.draw(st.sampled_from(sorted(running)))
        worker, steps = running[number]
        if moves and data.draw(st.sampled_from(moves)) == "die":
            deaths -= 1
            memories[worker].clear()
            del running[number]
            scheduling.lost(number, again=True)
        elif steps:
            node, work = steps.pop(0)
            known = memories[worker] | (stored if not works[work].handle else set())
            if work not in known:
                log.append((work, worker))
            memories[worker].add(work)
            if shared and not works[work].handle:
                stored.add(work)
            scheduling.step_done(number, node)
        else:
            del running[number]
            scheduling.ended(number)
            ended.append(number)
    assert sorted(ended) == sorted(planned.cell.number for planned in cells)
    return log


@given(st.data(), sweeps())
def test_with_a_shared_store_everything_is_computed_once(data, sweep):
    works, cells = sweep
    log = Counter(work for work, _ in simulate(data, works, cells, shared=True))
    assert all(count == 1 for work, count in log.items() if not works[work].handle)


@given(st.data(), sweeps())
def test_without_one_a_sampler_is_computed_again_only_where_two_meet(data, sweep):
    works, cells = sweep
    log = Counter(work for work, _ in simulate(data, works, cells, shared=False))
    samplers = [sum(works[work].kind == "sample" for _, work in cell.steps) for cell in cells]
    if max(samplers) <= 1:
        assert all(count == 1 for work, count in log.items() if works[work].kind == "sample")


@given(st.data(), sweeps(), st.booleans())
def test_when_workers_die_every_cell_is_still_run_once(data, sweep, shared):
    simulate(data, *sweep, shared=shared, deaths=3)


def test_workers_stay_with_what_they_have_loaded():
    works = [Work("a", "load", None, True, (0, 0)), Work("b", "load", None, True, (1, 0))]
    cells = [cell(n, [n // 4]) for n in range(8)]
    scheduling = Scheduling(cells, works, shared=True)
    taken = {0: [], 1: []}
    for _ in range(4):
        for worker in (0, 1):
            planned = scheduling.take(worker)
            taken[worker].append(planned.cell.number)
            scheduling.ended(planned.cell.number)
    assert taken == {0: [0, 1, 2, 3], 1: [4, 5, 6, 7]}


def test_an_accelerator_takes_one_worker_unless_told_otherwise():
    assert places(4, ["cpu"]) == ["cpu"] * 4
    assert places(4, ["cuda"]) == ["cuda"]
    assert places(4, ["cuda:0", "cuda:1"]) == ["cuda:0", "cuda:1"]
    assert places(5, ["cuda:0", "cuda:1"], 2) == ["cuda:0", "cuda:1", "cuda:0", "cuda:1"]
