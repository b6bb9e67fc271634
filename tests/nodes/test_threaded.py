"""Node types that run in worker threads: which they are, and that pictures are the same with and without."""

from pathlib import Path

import numpy
import pytest
from PIL import Image

import graphexec
from graphexec.registry.loading import load_registry

pytest.importorskip("torch")

THREADED = {"SaveImage", "PreviewImage", "SaveAnimatedWEBP", "SaveAnimatedPNG"}


def test_only_what_encodes_pictures_is_threaded():
    registry = load_registry()
    assert {name for name in registry.names() if registry.get(name).threaded} == THREADED


def pictures(folder: Path, threads: int) -> tuple[tuple[str, ...], list[tuple[str, bytes]]]:
    flow = {}
    for index in range(4):
        flow[f"load{index}"] = {"class_type": "LoadImage", "inputs": {"image": f"{index}.png"}}
        inputs = {"images": [f"load{index}", 0], "filename_prefix": "x"}
        flow[f"save{index}"] = {"class_type": "SaveImage", "inputs": inputs}
    with graphexec.Session(input=folder, output=folder / f"out-{threads}", cache=None, threads=threads) as session:
        result = session.run(flow)
    return result.executed, [(Path(file).name, Image.open(file).tobytes()) for file in result.files]


def test_files_and_lists_are_those_of_a_run_without_threads(tmp_path):
    for index in range(4):
        side = 400 >> index  # the first takes longest
        values = numpy.random.default_rng(index).integers(0, 255, (side, side, 3), dtype=numpy.uint8)
        Image.fromarray(values).save(tmp_path / f"{index}.png")
    assert pictures(tmp_path, 4) == pictures(tmp_path, 1)
