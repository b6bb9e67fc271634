"""What the cache on disk costs a node, and what a run from it costs: `python tests/benchmarks/store.py [NODES]`.

Prints microseconds of processor time a node of the graphs of `engine.py`: without a cache, with one that stores what is
worth it, and with one that stores everything; each computed, and then taken by another Session.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

from engine import PACK, chain, layered

import graphexec
from graphexec.store.worth import ALL


def measure(label, folder, cache, everything):
    """Plan and run the workflow in `folder` in a Session of its own."""
    with graphexec.Session(nodes=[folder / "pack.py"], output=folder, cache=cache) as session:
        if everything:
            session._stores.disk._worth = ALL
        graph, _ = session.build(folder / "flow.json")
        start = time.process_time()
        result = session.run(graph)
        spent = (time.process_time() - start) / len(graph.nodes) * 1e6
        print(f"  {label}: {spent:.0f} us a node; {len(result.executed)} executed, {len(result.reused)} reused")


def main(nodes):
    for name, build in (("layered", layered), ("chain", chain)):
        for everything in (False, True):
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place)
                (folder / "pack.py").write_text(PACK)
                (folder / "flow.json").write_text(json.dumps(build(nodes)))
                print(f"{name}, {nodes} nodes, {'everything' if everything else 'what is worth it'} is stored")
                measure("warm up", folder, None, False)
                measure("no cache", folder, None, False)
                measure("computed", folder, folder / "cache", everything)
                measure("taken", folder, folder / "cache", everything)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent.parent))
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
