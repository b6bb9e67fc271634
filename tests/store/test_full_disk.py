"""A full disk: one warning, a run that goes on, and a cache in which nothing is torn."""

import os
import subprocess

import pytest

from graphexec.ports import PlainHooks
from graphexec.store import maintenance
from graphexec.store.disk import DiskStore
from graphexec.store.model import Entry, Making
from graphexec.store.worth import ALL

SIZE = 2 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A file system of two megabytes."""
    if os.name != "posix" or os.geteuid():
        pytest.skip("only root may mount a file system")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount: {mounted.stderr.decode()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("size", [1000, 100_000])
def test_a_full_disk_costs_one_warning_and_tears_nothing(small_disk, size):
    cache = DiskStore(small_disk / "cache", PlainHooks(), 1 << 40, ALL)
    told = []
    cache.tell(told.append)

    def put(key):
        return cache.put(key, Entry(([f"{key}:" + "x" * size],)), size, Making("Type", {}))

    with cache.held(frozenset()):
        stored = [str(number) for number in range(20 * SIZE // size) if put(str(number))]
        cache.save("state", bytes(size))
    (warning,) = told
    assert "cannot be written" in warning and ("space" in warning or "full" in warning)
    assert stored, "nothing was stored before the disk was full"
    again = DiskStore(small_disk / "cache", PlainHooks(), 1 << 40, ALL)
    assert maintenance.verify(again.index()).damaged == ()
    for key in stored:
        assert again.get(key).outputs[0][0].startswith(f"{key}:")
    cache.close()
    again.close()
