"""The provenance that files carry: what it says, that it repeats, and that ComfyUI's texts stay what they are."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from blake3 import blake3
from PIL import Image

from graphexec.api import Session
from graphexec.graph.identity import graph_digest
from graphexec.report.metadata import png_texts
from tests.cli.program import environment
from tests.project.commands import ROOT

FLOW = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "hills.png"}},
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "a"}},
    "3": {
        "class_type": "SaveAnimatedWEBP",
        "inputs": {
            "images": ["1", 0], "filename_prefix": "b", "fps": 6.0, "lossless": True, "quality": 80, "method": "fastest"
        },
    },
    "4": {
        "class_type": "SaveAnimatedPNG",
        "inputs": {"images": ["1", 0], "filename_prefix": "c", "fps": 6.0, "compress_level": 4},
    },
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "6": {"class_type": "SaveLatent", "inputs": {"samples": ["5", 0], "filename_prefix": "d"}},
}  # fmt: skip
INPUT = ROOT / "workflows/input"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(input=INPUT, output=tmp_path / "out", cache=None, device="cpu", dtype="fp32")


def exif(file: str) -> list[str]:
    with Image.open(file) as image:
        return [text for text in image.getexif().values() if isinstance(text, str)]


def said(file: str) -> dict:
    """Return the provenance in a file of any kind."""
    if file.endswith(".webp"):
        return json.loads(next(t for t in exif(file) if t.startswith("graphexec:")).removeprefix("graphexec:"))
    content = Path(file).read_bytes()
    if file.endswith(".latent"):
        (length,) = struct.unpack_from("<Q", content)
        return json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["graphexec"])
    start = content.index(b"graphexec\0") + len(b"graphexec\0")
    return json.JSONDecoder().raw_decode(content[start:].decode("latin-1"))[0]


def test_every_kind_of_file_says_what_it_was_made_of(session: Session) -> None:
    graph, _ = session.build(FLOW)
    result = session.run(graph)
    assert len(result.files) == 4
    artifacts = dict(result.artifacts)
    for file, record in zip(result.files, result.report["files"]):
        made = said(file)
        assert made["graph"] == graph_digest(graph) == result.report["graph"]
        assert made["files"] == {"input/hills.png": blake3((INPUT / "hills.png").read_bytes()).hexdigest()}
        assert made["versions"]["torch"] and made["policy"]["device"]
        assert made["content"] == blake3(artifacts[made["node"]].content).hexdigest() == record["content"]


def test_webp_keeps_the_texts_of_comfyui(session: Session) -> None:
    file = next(f for f in session.run(FLOW).files if f.endswith(".webp"))
    assert (
        sorted(text.partition(":")[0] for text in exif(file)) == ["graphexec", "prompt"] and said(file)["node"] == "3"
    )


def test_the_texts_of_comfyui_come_first_and_stay_what_they_are(session: Session) -> None:
    texts = png_texts(Path(session.run(FLOW, targets=["2"]).files[0]).read_bytes())
    assert list(texts) == ["prompt", "graphexec"] and json.loads(texts["prompt"]).keys() == FLOW.keys()


def test_the_same_run_gives_the_same_bytes_warm_and_cold_anywhere(session: Session, tmp_path: Path) -> None:
    first = session.run(FLOW)
    warm = session.run(FLOW, output=tmp_path / "warm")
    cold = Session(input=INPUT, output=tmp_path / "cold", cache=None, device="cpu", dtype="fp32").run(FLOW)
    assert warm.reused and not cold.reused
    for files in (warm.files, cold.files):
        assert [Path(f).read_bytes() for f in files] == [Path(f).read_bytes() for f in first.files]
        assert not any(str(tmp_path).encode() in Path(f).read_bytes() for f in files)
    assert session.run(FLOW).files == first.files


def test_another_file_gives_other_provenance_and_another_seed_too(session: Session) -> None:
    noise = {"inputs": {"noise_seed": 7}, "class_type": "RandomNoise"}
    texts = [
        png_texts(
            Path(
                session.run({**FLOW, "9": {**noise, "inputs": {"noise_seed": seed}}}, targets=["2"]).files[0]
            ).read_bytes()
        )
        for seed in (7, 8)
    ]
    assert [json.loads(t["graphexec"])["seeds"] for t in texts] == [{"9.noise_seed": 7}, {"9.noise_seed": 8}]


def test_no_tensors_are_needed_to_make_it() -> None:
    program = (
        "import sys; from graphexec.report.provenance import Provenance; from graphexec.api import Session;"
        "s = Session(device='cpu', dtype='fp32'); g, _ = s.build({'1': {'class_type': 'PreviewImage', 'inputs':"
        "{'images': ['2', 0]}}, '2': {'class_type': 'EmptyImage', 'inputs':"
        "{'width': 8, 'height': 8, 'batch_size': 1, 'color': 0}}});"
        "print(Provenance(g, s.policy, {}).text('1', 'x'), *{'torch', 'numpy', 'PIL', 'pydantic'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment())
    assert json.loads(ran.stdout)["versions"]["torch"]
