"""Named data in memory: replaced, dropped, and bounded."""

from graphexec.store.blobs import MemoryBlobs


def test_a_save_replaces_and_a_drop_forgets():
    blobs = MemoryBlobs()
    assert blobs.load("a") is None
    blobs.save("a", b"one")
    blobs.save("a", b"two")
    assert blobs.load("a") == b"two"
    blobs.drop("a")
    blobs.drop("a")
    assert blobs.load("a") is None


def test_the_oldest_go_when_the_budget_is_over():
    blobs = MemoryBlobs(10)
    for key in "abc":
        blobs.save(key, bytes(4))
    assert [blobs.load(key) is None for key in "abc"] == [True, False, False]
    blobs.save("big", bytes(11))
    assert blobs.load("big") is None and blobs.load("c") is not None
