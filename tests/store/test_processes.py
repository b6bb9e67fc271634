"""Many processes on one cache, and processes that are killed: nothing is corrupt, nothing that was stored is lost."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from graphexec.ports import PlainHooks
from graphexec.store import maintenance
from graphexec.store.disk import DiskStore
from graphexec.store.worth import ALL
from tests.project.commands import ROOT
from tests.store.hammer import KEYS, content

SECONDS = float(os.environ.get("GRAPHEXEC_TEST_HAMMER_SECONDS", "4"))
PROCESSES = 8
PLENTY = 1 << 30
LITTLE = 300_000


def hammer(directory, seconds, seed, budget, *marks):
    command = [sys.executable, "-m", "tests.store.hammer", str(directory), str(seconds), str(seed), str(budget), *marks]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def intact(directory, budget=PLENTY):
    """Check everything in a cache, and return it open with what it holds."""
    cache = DiskStore(directory, PlainHooks(), budget, ALL)
    told = []
    cache.tell(told.append)
    index = cache.index()
    assert maintenance.verify(index).damaged == () and told == []
    with index.reading() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (total,) = connection.execute("SELECT bytes FROM totals").fetchone()
        rows = "SELECT (SELECT coalesce(sum(bytes), 0) FROM steps) + (SELECT coalesce(sum(bytes), 0) FROM objects)"
        assert connection.execute(rows).fetchone() == (total,)
        strays = "SELECT count(*) FROM uses WHERE step NOT IN (SELECT key FROM steps)"
        assert connection.execute(strays).fetchone() == (0,)
        lost = "SELECT count(*) FROM uses WHERE object NOT IN (SELECT digest FROM objects)"
        assert connection.execute(lost).fetchone() == (0,)
    return cache


@pytest.mark.slow
@pytest.mark.parametrize("budget", [PLENTY, LITTLE])
def test_eight_processes_on_one_cache_corrupt_and_lose_nothing(tmp_path, budget):
    marks = tmp_path / "marks"
    running = [hammer(tmp_path / "cache", SECONDS, seed, budget, str(marks)) for seed in range(PROCESSES)]
    hits = 0
    for process in running:
        out, err = process.communicate(timeout=SECONDS + 300)
        assert process.returncode == 0, err
        hits += int(out)
    assert hits > 0
    cache = intact(tmp_path / "cache", budget)
    stored = {int(line) for line in marks.read_text().split()}
    assert len(stored) > KEYS / 2
    for key in stored:
        found = cache.get(str(key))
        assert (found is None and budget == LITTLE) or found.outputs[0][0] == content(key)
    index = cache.index()
    before = index.counts()
    assert before.held == 0 and (budget == PLENTY or before.bytes <= budget)
    assert maintenance.collect(index, budget).files == 0, "files that no entry uses were left"
    assert index.counts().steps == before.steps


def test_a_killed_process_leaves_a_cache_that_is_whole_and_loses_nothing_that_was_stored(tmp_path):
    marks, rng = tmp_path / "marks", random.Random(0)
    for seed in range(int(os.environ.get("GRAPHEXEC_TEST_KILLS", "8"))):
        process = hammer(tmp_path / "cache", 60, seed, PLENTY, str(marks))
        before = marks.stat().st_size if marks.exists() else 0
        while not (marks.exists() and marks.stat().st_size > before):
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.002)
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        cache = intact(tmp_path / "cache")
        for key in {int(line) for line in marks.read_text().split()}:
            assert cache.get(str(key)).outputs[0][0] == content(key)
        maintenance.collect(cache.index(), PLENTY)
        assert cache.index().counts().held == 0
        cache.close()
