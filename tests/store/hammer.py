"""A process that reads and writes a cache as fast as it can: `hammer.py DIRECTORY SECONDS SEED BUDGET [MARKS]`.

Every entry and every named piece of data can be told from its key, so a wrong one is found at once; the process ends
with status 1 then. With MARKS, a file, the key of each finished write is appended to it.
"""

import os
import random
import sys
import time
from pathlib import Path

from graphexec.ports import PlainHooks
from graphexec.store.disk import DiskStore
from graphexec.store.model import Entry, Making
from graphexec.store.worth import ALL

KEYS = 200


def content(key):
    """What the entry of a key holds: some small, some large, some shared by several keys."""
    size = (key % 7) ** 4 * 40
    return f"{key // 2}:" + "x" * size


def main(directory, seconds, seed, budget, marks=None):
    cache = DiskStore(Path(directory), PlainHooks(), int(budget), ALL)
    told = []
    cache.tell(told.append)
    rng = random.Random(int(seed))
    marked = os.open(marks, os.O_WRONLY | os.O_APPEND | os.O_CREAT) if marks else None
    end = time.monotonic() + float(seconds)
    hits = 0
    while time.monotonic() < end:
        key = rng.randrange(KEYS)
        with cache.held(frozenset({str(key)})):
            found = cache.get(str(key))
            hits += found is not None
            if found is not None and found.outputs[0][0] != content(key):
                sys.exit(f"the entry of {key} is wrong")
            stored = cache.put(str(key), Entry(([content(key)],)), 1, Making("Type", {"key": key}))
            blob = cache.load(f"blob {key % 10}")
            if blob is not None and len(set(blob)) != 1:
                sys.exit(f"the data of {key % 10} are torn")
            cache.save(f"blob {key % 10}", bytes([rng.randrange(256)]) * (20_000 + key))
            if not stored or told:
                sys.exit(f"could not store: {told}")
            if marked is not None:
                os.write(marked, f"{key}\n".encode())
    print(hits)


if __name__ == "__main__":
    main(*sys.argv[1:])
