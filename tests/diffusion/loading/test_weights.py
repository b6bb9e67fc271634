"""Reading tensors: mapped rather than copied, tensors only, and never from a file that changed underneath."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from graphexec.diffusion.loading import weights
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.parts import prefixed
from graphexec.diffusion.loading.weights import open_weights, read_pickled
from graphexec.plan.fingerprints import Fingerprints

CPU = torch.device("cpu")


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux to see what is mapped")
def test_tensors_of_the_stored_type_are_views_of_the_file(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"m.w": torch.arange(1 << 20, dtype=torch.float32)}, path)
    tensor = prefixed(open_weights(path), "unet", "m.").read(["w"], torch.float32, CPU)["w"]
    mapped = [line for line in Path("/proc/self/maps").read_text().splitlines() if str(path) in line]
    ranges = [tuple(int(end, 16) for end in line.split()[0].split("-")) for line in mapped]
    assert any(low <= tensor.data_ptr() < high for low, high in ranges)
    assert tensor[-1] == (1 << 20) - 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2])
def test_narrow_storage_widens_exactly(tmp_path, dtype):
    stored = torch.tensor([0.0, 1.0, -1.5, 0.25, 448.0]).to(dtype)
    save_file({"w": stored}, tmp_path / "a.safetensors")
    part = prefixed(open_weights(tmp_path / "a.safetensors"), "unet", "")
    assert torch.equal(part.read(["w"], torch.float32, CPU)["w"], stored.float())


class Payload:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return (os.mkdir, (str(self.target),))


def test_a_pickle_with_code_is_refused_and_not_run(tmp_path):
    path, target = tmp_path / "evil.ckpt", tmp_path / "ran"
    torch.save({"state_dict": {"w": torch.zeros(2)}, "x": Payload(target)}, path)
    with pytest.raises(BadModelFile, match="convert it to safetensors"):
        _ = open_weights(path).header
    assert not target.exists()
    old = tmp_path / "old.pt"
    old.write_bytes(pickle.dumps({"x": Payload(target)}))
    with pytest.raises(BadModelFile):
        _ = open_weights(old).header
    assert not target.exists()


@pytest.mark.parametrize("wrapped", [True, False])
def test_checkpoints_of_tensors_load_like_safetensors(tmp_path, wrapped):
    tensors = {"m.w": torch.randn(3, 2), "m.b": torch.randn(3).half()}
    torch.save({"state_dict": tensors, "epoch": 3} if wrapped else tensors, tmp_path / "a.ckpt")
    part = prefixed(open_weights(tmp_path / "a.ckpt"), "unet", "m.")
    assert part.shapes == {"w": (3, 2), "b": (3,)}
    read = part.read(["w", "b"], torch.float32, CPU)
    assert torch.equal(read["w"], tensors["m.w"]) and torch.equal(read["b"], tensors["m.b"].float())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x02}q\x00.", b"hello", bytes(100)])
def test_garbage_is_refused_in_words(tmp_path, content):
    path = tmp_path / "a.ckpt"
    path.write_bytes(content)
    with pytest.raises(BadModelFile):
        read_pickled(path)


def test_a_file_that_changed_is_not_read(tmp_path):
    path = tmp_path / "a.safetensors"
    save_file({"w": torch.zeros(2)}, path)
    file = open_weights(path)
    save_file({"w": torch.ones(3)}, path)
    with pytest.raises(BadModelFile, match="changed"):
        file.read(["w"])
    with pytest.raises(BadModelFile, match="changed"):
        _ = file.digest


def test_files_are_told_apart_by_content(tmp_path):
    for name, value in (("a", 0.0), ("b", 0.0), ("c", 1.0)):
        save_file({"w": torch.full((4,), value)}, tmp_path / f"{name}.safetensors")
    a, b, c = (open_weights(tmp_path / f"{name}.safetensors").digest for name in "abc")
    assert a == b != c


def test_foreign_suffixes_and_missing_files_are_errors(tmp_path):
    with pytest.raises(BadModelFile, match="known suffixes"):
        open_weights(tmp_path / "a.txt")
    with pytest.raises(BadModelFile, match="cannot be read"):
        open_weights(tmp_path / "a.safetensors")


def test_a_file_whose_digest_is_known_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was read for the keys of the workflow's steps; the identity of the model needs the same digest."""
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"one")
    later = path.stat().st_ctime + 60
    digest = Fingerprints(clock=lambda: later).of(path)
    monkeypatch.setattr(weights, "digest_file", None)
    assert weights.open_weights(path).digest == digest
    path.write_bytes(b"longer")
    with pytest.raises(TypeError):
        _ = weights.open_weights(path).digest
