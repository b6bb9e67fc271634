"""What a build imports: no tensors, and networkx only when there is a cycle to name."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
from graphexec.document.load import load_source, read
from graphexec.graph.build import build
from graphexec.registry.loading import load_registry

flow = {
    "1": {"class_type": "LoadLatent", "inputs": {"latent": "x.latent"}},
    "2": {"class_type": "LatentFlip", "inputs": {"samples": [SOURCE, 0], "flip_method": "x-axis: vertically"}},
    "3": {"class_type": "SaveLatent", "inputs": {"samples": ["2", 0], "filename_prefix": "x"}},
}
document, _ = read(load_source(flow))
graph, found = build(document, load_registry())
print(graph is None, *sorted({"torch", "numpy", "networkx"} & set(sys.modules)))
"""


@pytest.mark.parametrize(("source", "expected"), [("1", "False"), ("2", "True networkx")])
def test_modules_after_a_build(source, expected):
    script = SCRIPT.replace("SOURCE", repr(source))
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == expected.split()
