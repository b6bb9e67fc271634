"""The pool: everything once, under its budget; patched models share what patches leave alone."""

from __future__ import annotations

import platform
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Barrier, Thread

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from graphexec.diffusion.loading.checkpoint import load_unet
from graphexec.diffusion.memory import WeightsPool, give_back, tensor_bytes
from tests.diffusion.layouts import write_unet


@given(st.integers(0, 30), st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 12)), max_size=40))
def test_the_pool_is_a_least_recently_used_cache_under_its_budget(budget, requests):
    pool, expected = WeightsPool(budget), {}
    sizes = {}
    for key, size in requests:
        sizes.setdefault(key, size)
        built = []
        pool.get(key, partial(built.append, key), lambda _, n=sizes[key]: n)
        assert bool(built) == (key not in expected)
        expected[key] = expected.pop(key, sizes[key])
        if built:
            for old in list(expected):
                if sum(expected.values()) <= budget or old == key:
                    break
                del expected[old]
        assert pool.held == sum(expected.values())
        assert pool.held <= budget or list(expected) == [key]


def test_what_is_held_gives_way_with_its_holder():
    """A module holds weights: used with it, gone with it, and never one without the other."""
    pool = WeightsPool(10)

    def module(name):
        return pool.get(name, lambda: pool.get(f"{name} weights", lambda: name, lambda _: 5), lambda _: 0)

    module("a")
    module("b")
    module("a")
    module("c")  # 15 bytes: b is the least recently used, though a's weights are older
    built = []
    for name in ("a", "c", "b"):
        pool.get(f"{name} weights", lambda name=name: built.append(name), lambda _: 5)
    assert built == ["b"]
    pool.make_room(10)
    assert pool.held == 5  # the last used
    pool.get("a", lambda: built.append("module"), lambda _: 0)
    assert built == ["b", "module"]


@given(st.integers(0, 12), st.integers(0, 12))
def test_room_is_made_from_what_was_not_used_lately(budget, wanted):
    pool = WeightsPool(budget)
    for key in "abc":
        pool.get(key, lambda key=key: key, lambda _: 2)
    before = pool.held
    pool.make_room(wanted)
    assert pool.held == max(2, min(before, (budget - wanted) // 2 * 2))


def test_a_thing_is_built_once_by_many_threads():
    pool, built, barrier = WeightsPool(100), [], Barrier(8)

    def ask():
        barrier.wait()
        pool.get("x", lambda: built.append(1), lambda _: 1)

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert built == [1]


@dataclass(frozen=True)
class Doubled:
    """A weight patch that doubles one tensor."""

    name: str
    identity: str = "doubled"

    @property
    def names(self):
        return {self.name}

    def apply(self, name, weight):
        return weight * 2


def test_patched_models_share_all_that_is_not_patched(tmp_path):
    pool = WeightsPool()
    base = load_unet(write_unet(tmp_path / "a.safetensors", "sd1"), pool)
    plain = base.network().module.state_dict()
    before = {name: tensor.clone() for name, tensor in plain.items()}
    held = pool.held
    one, two = Doubled("out.2.weight"), Doubled("out.2.bias")
    first, second = (
        base.with_patch(one).network().module.state_dict(),
        base.with_patch(two).network().module.state_dict(),
    )
    both = base.with_patch(one, two, one).network().module.state_dict()
    assert pool.held == held + 2 * tensor_bytes([plain["out.2.weight"], plain["out.2.bias"]])
    for name, tensor in plain.items():
        assert torch.equal(tensor, before[name])
        assert (first[name].data_ptr() == tensor.data_ptr()) == (name != one.name)
        assert (second[name].data_ptr() == tensor.data_ptr()) == (name != two.name)
    assert_close(first[one.name], 2 * plain[one.name])
    assert_close(both[one.name], 4 * plain[one.name])
    assert_close(both[two.name], 2 * plain[two.name])
    assert base.with_patch(one).network().module is base.with_patch(one).network().module
    assert base.network().module is not base.with_patch(one).network().module


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give memory back by themselves")
def test_freed_memory_is_given_back():
    def anonymous():
        return int(re.search(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) << 10

    blocks = [bytes(1 << 16) for _ in range(2000)]
    before = anonymous()
    last = blocks.pop()  # lies behind the others, which so stay in the heap
    blocks.clear()
    give_back()
    assert before - anonymous() > 100e6 and len(last) == 1 << 16


def test_weights_come_back_after_they_gave_way(tmp_path):
    pool = WeightsPool(budget=1)
    base = load_unet(write_unet(tmp_path / "a.safetensors", "sd1"), pool)
    first = {name: tensor.clone() for name, tensor in base.network().module.state_dict().items()}
    pool.get("other", lambda: None, lambda _: 5)
    again = base.network().module.state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_identity_tells_models_apart(tmp_path):
    pool = WeightsPool()
    paths = [write_unet(tmp_path / f"{n}.safetensors", "sd1", v_pred=torch.full((1,), n)) for n in (0.0, 0.0, 1.0)]
    paths[1] = write_unet(tmp_path / "again.safetensors", "sd1", v_pred=torch.zeros(1))
    a, same, other = (load_unet(path, pool) for path in paths)
    assert a.identity == same.identity != other.identity
    assert a.with_patch(Doubled("x")).identity not in (a.identity, None)
    assert a.with_patch(Doubled("x", None)).identity is None
    assert a.clone() == a and a.clone() is not a
