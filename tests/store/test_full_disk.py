"""A full disk: one warning, a run that goes on, and a cache in which nothing is torn."""

import os
import subprocess

import pytest

import graphexec
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


PACK = """
class Long:
    INPUT_TYPES = classmethod(lambda cls: {"required": {"x": ("INT", {}), "after": ("STRING", {"default": ""})}})
    RETURN_TYPES = ("STRING",)
    FUNCTION = "run"
    def run(self, x, after):
        import time
        time.sleep(0.01)
        return (f"{x} of {len(after)}:" + "x" * 200_000,)
NODE_CLASS_MAPPINGS = {"Long": Long}
"""


def test_a_run_on_a_full_disk_warns_once_and_gives_what_it_gives_without_a_cache(small_disk, tmp_path):
    (tmp_path / "pack.py").write_text(PACK)
    flow = {"0": {"class_type": "Long", "inputs": {"x": 0, "after": ""}}}
    for number in range(1, 40):
        flow[str(number)] = {"class_type": "Long", "inputs": {"x": number, "after": [str(number - 1), 0]}}

    def run(cache):
        heard = []
        with graphexec.Session(nodes=[tmp_path / "pack.py"], output=tmp_path / "out", cache=cache) as session:
            result = session.run(flow, targets=["39"], listener=heard.append)
            return result, [event.message for event in heard if event.kind == "warning"]

    plain, _ = run(None)
    full, warnings = run(small_disk / "cache")
    assert full.value("39") == plain.value("39") and len(full.executed) == 40
    (warning,) = warnings
    assert "cannot be written" in warning and full.warnings == (("", warning),)
    again, _ = run(small_disk / "cache")
    assert again.value("39") == plain.value("39")
    cache = DiskStore(small_disk / "cache", PlainHooks(), 1 << 40, ALL)
    assert maintenance.verify(cache.index()).damaged == ()
    cache.close()
