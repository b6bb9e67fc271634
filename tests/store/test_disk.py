"""The cache on disk: what comes back, what damage costs, what is evicted, and what a broken disk does to a run."""

import os
import sqlite3

import pytest

from graphexec.ports import Artifact, Blocked, PlainHooks
from graphexec.store.database import FILE
from graphexec.store.disk import DiskStore
from graphexec.store.index import SMALL
from graphexec.store.model import Entry, Making
from graphexec.store.worth import ALL

BIG = "x" * (SMALL + 1)
PNG = Artifact("image/png", b"content" * 5000, "a prefix", ".png", width=3, height=4, batch_index=1)


def store(path, budget=1 << 30, **options):
    made = DiskStore(path, PlainHooks(), budget, ALL, **options)
    made.told = []
    made.tell(made.told.append)
    return made


def put(cache, key, value, **making):
    return cache.put(key, Entry(([value],)), 10, Making("Type", {"literals": {"x": key}}, **making))


def value(cache, key):
    found = cache.get(key)
    return None if found is None else found.outputs[0][0]


def files(path):
    return [file for file in (path / "objects").rglob("*") if file.is_file()]


def test_an_entry_comes_back_in_another_process(tmp_path):
    entry = Entry(([1, "two"], [Blocked("no")], [BIG]), True, {"text": ["a", (1, 2)]}, (PNG,), {0: "abc"})
    assert store(tmp_path).put("k", entry, 10, Making("Type", {}))
    found = store(tmp_path).get("k")
    assert tuple(list(items) for items in found.outputs) == entry.outputs
    assert (found.mapped, found.ui, found.artifacts, found.digests) == (True, entry.ui, entry.artifacts, entry.digests)
    assert store(tmp_path).get("other") is None and "k" in store(tmp_path) and "other" not in store(tmp_path)


def test_small_objects_are_in_the_database_and_large_ones_in_files(tmp_path):
    cache = store(tmp_path)
    put(cache, "small", "x" * SMALL)
    assert files(tmp_path) == []
    put(cache, "big", BIG)
    put(cache, "same", BIG)
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize("position", [0, 1000, -1])
def test_a_flipped_bit_in_a_file_is_a_miss_and_the_object_is_gone(tmp_path, position):
    cache = store(tmp_path)
    put(cache, "a", BIG)
    put(cache, "b", BIG)
    (file,) = files(tmp_path)
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)
    assert cache.get("a") is None
    assert files(tmp_path) == [] and cache.known(["a", "b"]) == set() and cache.told == []
    put(cache, "a", BIG)
    assert value(cache, "a") == BIG


def test_a_flipped_bit_in_the_database_is_a_miss(tmp_path):
    cache = store(tmp_path)
    put(cache, "a", "small")
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute("UPDATE objects SET data = 'smalk'")
    other.close()
    assert cache.get("a") is None and "a" not in cache


def test_a_missing_file_is_a_miss(tmp_path):
    cache = store(tmp_path)
    put(cache, "a", BIG)
    files(tmp_path)[0].unlink()
    assert cache.get("a") is None and "a" not in cache


def test_the_least_recently_used_goes_and_its_files_with_it(tmp_path):
    cache = store(tmp_path, budget=10 * len(BIG))
    for number in range(20):
        put(cache, str(number), BIG + str(number))
        with cache.held(frozenset({"0"})):  # a run uses it
            pass
    kept = cache.known(map(str, range(20)))
    assert "0" in kept and "19" in kept and "1" not in kept
    assert sum(file.stat().st_size for file in files(tmp_path)) <= cache.budget
    assert len(files(tmp_path)) == len(kept)


def test_what_a_run_of_another_process_holds_is_not_evicted(tmp_path):
    one, other = store(tmp_path, budget=4 * len(BIG)), store(tmp_path, budget=4 * len(BIG))
    put(one, "held", BIG)
    with one.held(frozenset({"held"})):
        for number in range(20):
            put(other, str(number), BIG + str(number))
        assert value(one, "held") == BIG
    for number in range(20, 40):
        put(other, str(number), BIG + str(number))
    assert "held" not in one


def test_what_a_dead_run_held_is_evicted(tmp_path):
    cache = store(tmp_path, budget=4 * len(BIG))
    put(cache, "held", BIG)
    child = os.fork()
    if not child:
        block = DiskStore(tmp_path, PlainHooks(), 1 << 30).held(frozenset({"held"}))
        block.__enter__()
        os._exit(0)
    os.waitpid(child, 0)
    assert cache.index().counts().held == 1
    for number in range(20):
        put(cache, str(number), BIG + str(number))
    assert "held" not in cache and cache.index().counts().held == 0


def test_an_unstorable_value_is_noted_with_the_reason(tmp_path):
    cache = store(tmp_path)
    assert not put(cache, "a", object())
    step = cache.index().step("a")
    assert step.reason == "output 0 holds a value of type object" and step.recipe == {"literals": {"x": "a"}}
    assert "a" not in cache and cache.get("a") is None
    assert put(cache, "a", 1) and cache.index().step("a").reason is None


def test_named_data_outlive_the_process_and_damage_is_a_miss(tmp_path):
    cache = store(tmp_path)
    assert cache.load("state") is None
    cache.save("state", b"one" * SMALL)
    cache.save("state", b"two" * SMALL)
    assert store(tmp_path).load("state") == b"two" * SMALL and len(files(tmp_path)) == 1
    files(tmp_path)[0].write_bytes(b"three")
    assert cache.load("state") is None
    cache.save("state", b"four")
    cache.drop("state")
    cache.drop("state")
    assert cache.load("state") is None and cache.index().counts().bytes == 0


def test_named_data_are_under_the_budget_too(tmp_path):
    cache = store(tmp_path, budget=4 * len(BIG))
    for number in range(20):
        cache.save(str(number), (BIG + str(number)).encode())
    assert cache.load("0") is None and cache.load("19") is not None
    assert sum(file.stat().st_size for file in files(tmp_path)) <= cache.budget


@pytest.mark.parametrize("damage", ["garbage", "foreign", "newer", "truncated"])
def test_a_database_that_cannot_be_used_is_set_aside_with_one_warning(tmp_path, damage):
    cache = store(tmp_path)
    put(cache, "a", BIG)
    cache.close()
    path = tmp_path / FILE
    if damage == "garbage":
        path.write_bytes(b"no database at all" * 500)
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        with sqlite3.connect(path) as other:
            other.execute("PRAGMA user_version = 99" if damage == "newer" else "PRAGMA application_id = 7")
        other.close()
    again = store(tmp_path)
    assert "a" not in again and put(again, "a", BIG) and value(again, "a") == BIG
    (warning,) = again.told
    assert "a new one was begun" in warning and list(tmp_path.glob("index.sqlite.unusable-*"))


@pytest.mark.skipif(os.name != "posix", reason="needs a directory that is a file")
def test_a_directory_that_cannot_be_made_costs_one_warning(tmp_path):
    (tmp_path / "file").write_text("")
    cache = store(tmp_path / "file" / "cache")
    with cache.held(frozenset()):
        assert not put(cache, "a", 1) and cache.get("a") is None and cache.load("x") is None
        cache.save("x", b"")
    assert len(cache.told) == 1 and "this run goes on without it" in cache.told[0]


def test_an_entry_that_is_only_read_counts_as_used_from_time_to_time(tmp_path, monkeypatch):
    cache = store(tmp_path)
    put(cache, "a", 1)
    before = cache.index().step("a").used
    with cache.held(frozenset()):
        cache.get("a")
    assert cache.index().step("a").used == before
    monkeypatch.setattr("graphexec.store.disk.COARSE", -1.0)
    with cache.held(frozenset()):
        cache.get("a")
    assert cache.index().step("a").used > before
