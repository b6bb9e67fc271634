"""A run that was killed goes on, and one that begins like another starts from its steps: bit for bit, or not at all."""

import dataclasses

import pytest
import torch

from graphexec.diffusion import resumption, runs
from graphexec.diffusion.checkpoint_files import dump, parse
from graphexec.diffusion.drive import Checkpoint
from graphexec.diffusion.guidance import Guider
from graphexec.diffusion.ksampler import Settings, sample
from graphexec.diffusion.names import LOOKS_AHEAD, OWN_LEVELS
from graphexec.diffusion.parameterization import Eps
from graphexec.diffusion.patching.differential import differential_diffusion
from graphexec.diffusion.samplers.base import SamplerSpec, State
from graphexec.diffusion.samplers.table import SAMPLERS
from graphexec.diffusion.sampling import sampler
from graphexec.errors import DeadlineExceeded
from graphexec.store.blobs import MemoryBlobs
from tests.diffusion.sampling.toy import Bench, Pointwise, Toy, says

LATENT = torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(6))
SOFT = torch.linspace(0, 1, 36).reshape(1, 1, 6, 6)
BASE = Settings(seed=11, steps=8, cfg=3.0, sampler="euler", scheduler="normal")


def task(bench=None, model=None, mask=None, latent=LATENT, positive=0.4, **changes):
    """The samples of a run whose model has a name."""
    model = model or Toy(Pointwise(), Eps(), identity="toy")
    given = {"samples": latent} | ({} if mask is None else {"noise_mask": mask})
    settings = dataclasses.replace(BASE, **changes)
    return sample(model, given, says(positive), says(-0.3), settings, bench or Bench())["samples"]


@pytest.fixture
def often(monkeypatch):
    """A checkpoint after every step."""
    monkeypatch.setattr(resumption, "INTERVAL", 0.0)
    monkeypatch.setattr(resumption, "SHARE", float("inf"))


def killed_and_resumed(stop_at, **changes):
    """The samples of a run that was stopped after so many steps and begun again, and how many were reused."""
    blobs = MemoryBlobs()
    with pytest.raises(KeyboardInterrupt):
        task(Bench(blobs, stop_at=stop_at), **changes)
    again = Bench(blobs)
    return task(again, **changes), again.reused


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("stop_at", [1, 4, 7])
@pytest.mark.parametrize("mask", [None, SOFT], ids=["", "masked"])
def test_a_killed_run_goes_on_with_the_same_bits(often, name, stop_at, mask):
    stop_at = min(stop_at, 2) if name == "dpm_fast" else stop_at
    samples, reused = killed_and_resumed(stop_at, sampler=name, mask=mask)
    assert reused == stop_at
    assert torch.equal(samples, task(sampler=name, mask=mask))


@pytest.mark.parametrize("name", ["dpmpp_2m", "dpmpp_2m_sde", "dpm_adaptive"])
def test_a_run_that_is_stopped_goes_on_where_it_was(name):
    """Ctrl-C and deadlines leave time to keep the last step, however short the run."""
    blobs = MemoryBlobs()
    with pytest.raises(DeadlineExceeded):
        task(Bench(blobs, stop_at=3, stop=DeadlineExceeded), sampler=name)
    again = Bench(blobs)
    assert torch.equal(task(again, sampler=name), task(sampler=name))
    assert again.reused == 3


@pytest.mark.parametrize("name", ["euler", "dpmpp_2m_sde", "euler_ancestral"])
def test_masks_that_change_by_level_go_on_too(often, name):
    changes = {"sampler": name, "mask": SOFT}
    soft = Toy(Pointwise(), Eps(), identity="toy", patches=(differential_diffusion(),))
    samples, reused = killed_and_resumed(3, model=soft, **changes)
    assert reused == 3
    assert torch.equal(samples, task(model=soft, **changes))


@pytest.mark.parametrize("name", [name for name, spec in SAMPLERS.items() if spec.noise == "stream"])
def test_noise_that_was_drawn_is_not_drawn_again(often, name, monkeypatch):
    """The fault planted: who forgets how much noise was drawn gets another picture."""
    monkeypatch.setattr(runs.Run, "problem", lambda self, skip=0, real=runs.Run.problem: real(self, 0))
    samples, _ = killed_and_resumed(8, sampler=name, steps=16)
    assert not torch.equal(samples, task(sampler=name, steps=16))


STABLE = [name for name, spec in SAMPLERS.items() if spec.prefix_stable]


@pytest.mark.parametrize("name", STABLE)
@pytest.mark.parametrize(
    ("first", "second", "reused"),
    [
        ({"end": 5}, {"end": 8}, 5),
        ({"end": 5, "leftover_noise": False}, {}, 4),
        ({"end": 5}, {"end": 5, "leftover_noise": False}, 0),
        ({}, {"end": 10000}, 8),
        ({}, {"end": 7, "leftover_noise": True}, 7),
        ({"start": 2, "end": 5}, {"start": 2}, 3),
    ],
)
def test_a_run_starts_from_the_steps_it_shares(name, first, second, reused):
    bench = Bench()
    task(bench, sampler=name, **first)
    assert bench.reused == 0
    assert torch.equal(task(bench, sampler=name, **second), task(sampler=name, **second))
    assert bench.reused == reused


@pytest.mark.parametrize("name", [name for name in LOOKS_AHEAD if name not in OWN_LEVELS])
def test_samplers_that_look_ahead_would_go_wrong(name, monkeypatch):
    """The declaration is needed: taken for stable, each of these gives another picture."""
    bench = Bench()
    task(bench, sampler=name, end=5)
    assert torch.equal(task(bench, sampler=name), task(sampler=name))
    assert bench.reused == 0
    monkeypatch.setattr(SamplerSpec, "prefix_stable", property(lambda self: True))
    differ = []
    for end in range(2, 8):
        bench = Bench()
        task(bench, sampler=name, end=end)
        try:
            differ.append(not torch.equal(task(bench, sampler=name), task(sampler=name)))
        except IndexError:  # UniPC finds a shorter memory than it needs
            differ.append(True)
        assert bench.reused == end
    assert any(differ)


def test_masks_that_change_by_level_are_not_shared(often):
    soft = Toy(Pointwise(), Eps(), identity="toy", patches=(differential_diffusion(),))
    bench = Bench()
    task(bench, model=soft, mask=SOFT, end=5)
    assert torch.equal(task(bench, model=soft, mask=SOFT), task(model=soft, mask=SOFT))
    assert bench.reused == 0


def test_every_reason_is_of_a_sampler():
    assert LOOKS_AHEAD.keys() <= SAMPLERS.keys()
    assert OWN_LEVELS.keys() == {name for name, spec in SAMPLERS.items() if spec.grid == "own"}
    assert {name for name, spec in SAMPLERS.items() if spec.noise == "brownian"} <= LOOKS_AHEAD.keys()


OTHERS = {
    "seed": {"seed": 12},
    "cfg": {"cfg": 3.5},
    "sampler": {"sampler": "euler_ancestral"},
    "scheduler": {"scheduler": "karras"},
    "steps": {"steps": 9},
    "no noise": {"add_noise": False},
    "latent": {"latent": LATENT + 1},
    "mask": {"mask": SOFT},
    "prompt": {"positive": 0.5},
    "model": {"model": Toy(Pointwise(), Eps(), identity="other toy")},
    "nameless": {"model": Toy(Pointwise(), Eps())},
}


@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS)
def test_a_run_that_begins_otherwise_starts_anew(changes):
    bench = Bench()
    task(bench)
    task(bench, **changes)
    assert bench.reused == 0


def test_without_the_names_of_all_parts_nothing_is_kept(often):
    blobs = MemoryBlobs()
    task(Bench(blobs), model=Toy(Pointwise(), Eps()))
    assert not blobs._data


@pytest.mark.parametrize("field", ["guider", "sampler", "seed", "revision", "latent", "noise", "mask"])
def test_each_field_is_part_of_the_name(field):
    """Dropped from a run's identity, each of these would let a run start from the steps of another one."""
    model = Toy(Pointwise(), Eps(), identity="toy")

    base = runs.Run(
        Guider(model, says(1), says(0), 3.0), sampler("euler_ancestral"), (5.0, 1.0, 0.0), LATENT, LATENT, 3
    )
    other = {
        "guider": Guider(model, says(1), says(0), 4.0),
        "sampler": sampler("euler_ancestral", eta=0.5),
        "seed": 4,
        "revision": "comfyui-0.5",
        "latent": LATENT + 1,
        "noise": LATENT + 1,
        "mask": SOFT,
    }
    assert dataclasses.replace(base, **{field: other[field]}).identity != base.identity
    assert dataclasses.replace(base).identity == base.identity


def test_a_seed_that_nothing_draws_from_does_not_count():
    bench = Bench()
    task(bench, add_noise=False)
    task(bench, add_noise=False, seed=99)
    assert bench.reused == 8


def test_runs_that_no_other_can_start_from_leave_nothing(often):
    blobs = MemoryBlobs()
    task(Bench(blobs), sampler="dpmpp_sde")
    task(Bench(blobs), sampler="dpm_adaptive")
    assert not blobs._data


def test_a_long_run_keeps_few_checkpoints_on_the_way(often):
    blobs = MemoryBlobs()
    task(Bench(blobs), steps=60)
    assert 4 <= len(blobs._data) <= resumption.MOST + 2
    for end in (57, 40, 20):
        bench = Bench(blobs)
        assert torch.equal(task(bench, steps=60, end=end), task(steps=60, end=end))
        assert bench.reused >= end - 16


class Clock:
    """Time that passes by so much a step; saving takes `cost`."""

    def __init__(self, cost):
        self.now, self.cost, self.saves = 0.0, cost, 0

    def __call__(self):
        return self.now

    def save(self, key, data):
        self.now += self.cost
        self.saves += 1

    def load(self, key):
        return None

    def drop(self, key):
        pass


@pytest.mark.parametrize(("step", "cost", "saves"), [(0.1, 0.001, 20), (10.0, 0.001, 1000), (0.1, 0.1, 5)])
def test_checkpoints_come_by_time_and_stay_a_small_share(step, cost, saves):
    clock = Clock(cost)
    trail = resumption.Trail(clock, ["a"] * 2000, LATENT, None, clock=clock)
    for i in range(1, 1001):
        clock.now += step
        trail.save(Checkpoint(i, State(LATENT)))
    assert abs(clock.saves - saves) <= 1 + saves // 10
    assert clock.saves * cost <= 0.01 * clock.now


def checkpoint():
    permuted = LATENT.contiguous(memory_format=torch.channels_last)
    state = State(LATENT).next(LATENT, permuted, **{"d.0": LATENT + 1, "half": LATENT.bfloat16(), "n": 3})
    return Checkpoint(4, state, 9)


def test_files_keep_every_bit_and_order_in_memory():
    before = checkpoint()
    after = parse(dump(before, "k"), "k", LATENT)
    assert (after.step, after.draws, after.state.memory["n"]) == (4, 9, 3)
    assert after.state.denoised.stride() == before.state.denoised.stride() != LATENT.stride()
    for name in ("d.0", "half"):
        assert torch.equal(after.state.memory[name], before.state.memory[name])
        assert after.state.memory[name].dtype == before.state.memory[name].dtype
    assert torch.equal(after.state.denoised, LATENT)


def test_files_of_other_runs_are_not_taken():
    data = dump(checkpoint(), "k")
    assert parse(data, "other", LATENT) is None
    assert parse(data, "k", LATENT[:1]) is None
    assert parse(data, "k", LATENT.double()) is None
    for strange in (b"", b"\x00" * 100, b"\xff" * 8, data[:-1], data[:40], data + b"\x00"):
        assert parse(strange, "k", LATENT) is None


def test_every_flipped_bit_is_noticed():
    data = dump(Checkpoint(1, State(LATENT[:1, :1, :2, :2])), "k")
    assert parse(data, "k", LATENT[:1, :1, :2, :2]) is not None
    for place in range(len(data)):
        for bit in (0, 3, 7):
            broken = bytearray(data)
            broken[place] ^= 1 << bit
            if bytes(broken).replace(b" ", b"") != data.replace(b" ", b""):
                assert parse(bytes(broken), "k", LATENT[:1, :1, :2, :2]) is None, place


def test_damaged_data_are_as_none(often):
    class Damaged(MemoryBlobs):
        def load(self, key):
            data = super().load(key)
            return data and data[:-3] + bytes(3)

    blobs = Damaged()
    with pytest.raises(KeyboardInterrupt):
        task(Bench(blobs, stop_at=4))
    bench = Bench(blobs)
    assert torch.equal(task(bench), task())
    assert bench.reused == 0
