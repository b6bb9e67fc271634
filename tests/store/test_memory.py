"""The cache in memory: budget, order of eviction, what is held."""

from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from graphexec.store.memory import OVERHEAD, MemoryStore
from graphexec.store.model import Entry


def entry(value=0):
    return Entry(([value],))


def store(entries):
    return MemoryStore(entries * (OVERHEAD + 10))


def test_the_least_recently_used_goes_first():
    cache = store(2)
    for key in "ab":
        cache.put(key, entry(), 10)
    assert cache.get("a") is not None
    cache.put("c", entry(), 10)
    assert "a" in cache and "b" not in cache and "c" in cache


def test_an_entry_over_the_budget_is_not_kept_and_evicts_nothing():
    cache = store(2)
    cache.put("a", entry(), 10)
    cache.put("big", entry(), 10**9)
    assert "big" not in cache and "a" in cache


def test_a_key_put_twice_counts_once():
    cache = store(2)
    cache.put("a", entry(1), 10)
    cache.put("a", entry(2), 10)
    assert cache.get("a").outputs == ([2],) and cache.used == OVERHEAD + 10


def test_held_entries_outlive_the_budget_until_the_end_of_the_block():
    cache = store(2)
    cache.put("a", entry(), 10)
    with cache.held(frozenset("a")):
        for key in "bcde":
            cache.put(key, entry(), 10)
        assert "a" in cache and len(cache) == 2
        with cache.held(frozenset("e")):
            cache.put("f", entry(), 10)
            assert "a" in cache and "e" in cache
    assert cache.used <= cache.budget and len(cache) == 2


def test_clear():
    cache = store(2)
    cache.put("a", entry(), 10)
    cache.clear()
    assert "a" not in cache and cache.used == 0


@given(st.lists(st.tuples(st.sampled_from(["put", "get"]), st.sampled_from("abcdef"), st.integers(0, 900))))
def test_behaves_like_the_obvious_model(operations):
    budget = 3 * OVERHEAD
    cache, model = MemoryStore(budget), OrderedDict()
    for operation, key, size in operations:
        if operation == "get":
            assert (cache.get(key) is not None) == (key in model)
            if key in model:
                model.move_to_end(key)
        else:
            cache.put(key, entry(), size)
            model.pop(key, None)
            model[key] = size + OVERHEAD
            while sum(model.values()) > budget:
                model.popitem(last=False)
        assert cache.used == sum(model.values()) and set(model) == {k for k in "abcdef" if k in cache}
