"""What large autoencoders owe to bf16, in which `auto` computes them, and that small ones keep fp32 (ADR 14)."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import load_file, save_file  # noqa: E402

import graphexec  # noqa: E402
from graphexec.diffusion import processor  # noqa: E402
from graphexec.diffusion.devices import Placement  # noqa: E402
from graphexec.diffusion.images import load  # noqa: E402
from graphexec.diffusion.loading.checkpoint import load_vae  # noqa: E402
from graphexec.diffusion.memory import WeightsPool  # noqa: E402
from graphexec.diffusion.processor import Processor  # noqa: E402
from graphexec.files.shipped import shipped_models  # noqa: E402
from nodes import policy  # noqa: E402
from workflows.tiny_checkpoint import Size, shapes, tensor, write  # noqa: E402

ROOT = Path(__file__).parents[2]
PREFIX = "first_stage_model."
DTYPES = torch.bfloat16, torch.float32


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """An autoencoder of SD1's shapes, random weights."""
    path = tmp_path_factory.mktemp("full") / "full.safetensors"
    made = shapes(Size(unet=(32,), vae=(128, 256, 512, 512)))
    drawn = {name: torch.from_numpy(tensor(name, shape)) for name, shape in made if name.startswith(PREFIX)}
    save_file(drawn, path)
    return path


def in_both(path):
    """Return the autoencoder in bf16 and in fp32."""
    pool, cpu = WeightsPool(), torch.device("cpu")
    return [load_vae(path, pool, Placement(cpu, torch.float32, dtype)) for dtype in DTYPES]


def compared(path, latent):
    """Return the share of 8-bit values that bf16 moves by more than a level in decoding, the most that it moves one,
    and the relative L2 error of encoding.
    """
    pictures = [vae.decode(latent) for vae in in_both(path)]
    levels = torch.stack(pictures).mul(255).round().diff(dim=0).abs()
    narrow, wide = (vae.encode(pictures[1]) for vae in in_both(path))
    error = float((narrow - wide).norm() / wide.norm())
    return float((levels > 1).float().mean()), int(levels.max()), error


def test_full_size_stays_near_fp32(full):
    """At 256 x 256 pixels bf16 moved 0.06 % of the values, by at most 2 levels, and encoded 1.6 % off. The lower bounds
    show that bf16 was computed in at all.
    """
    latent = 5 * torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    moved, most, error = compared(full, latent)
    assert moved < 0.005 and 1 <= most <= 4
    assert 0.0001 < error < 0.03


def test_trained_weights_stay_near_fp32():
    """The model that ships, on one of its pictures: 0.14 % of the values, by at most 3 levels, and 0.5 %."""
    path = shipped_models() / "checkpoints" / "shapes.safetensors"
    picture, _ = load(ROOT / "workflows" / "hello.yaml.lock.d" / "save-0.png")
    moved, most, error = compared(path, in_both(path)[1].encode(picture))
    assert moved < 0.005 and 1 <= most <= 8
    assert 0.0001 < error < 0.01


def node(kind, /, **inputs):
    return {"class_type": kind, "inputs": inputs}


FLOW = {
    "checkpoint": node("CheckpointLoaderSimple", ckpt_name="tiny.safetensors"),
    "alone": node("VAELoader", vae_name="tiny.safetensors"),
    "latent": node("EmptyLatentImage", width=64, height=64, batch_size=1),
    "first": node("VAEDecode", samples=["latent", 0], vae=["checkpoint", 2]),
    "second": node("VAEDecode", samples=["latent", 0], vae=["alone", 0]),
}


@pytest.fixture
def models(tmp_path):
    write(tmp_path / "checkpoints" / "tiny.safetensors", Size())
    tensors = load_file(tmp_path / "checkpoints" / "tiny.safetensors")
    (tmp_path / "vae").mkdir()
    alone = {name.removeprefix(PREFIX): part for name, part in tensors.items() if name.startswith(PREFIX)}
    save_file(alone, tmp_path / "vae" / "tiny.safetensors")
    return tmp_path


def test_alone_and_in_a_checkpoint_it_computes_alike(models, monkeypatch, tmp_path):
    """Small in fp32, large in bf16, wherever it is; the cache tells one from the other."""
    amx = Processor("x86_64", "GenuineIntel", frozenset({"avx512f", "amx_bf16"}))
    monkeypatch.setattr(processor, "processor", lambda: amx)
    pictures = []
    for least in (policy.LARGE_AUTOENCODER, 1):
        monkeypatch.setattr(policy, "LARGE_AUTOENCODER", least)
        with graphexec.Session(models, cache=tmp_path / "cache", device="cpu", dtype="auto") as session:
            result = session.run(FLOW, targets=["first", "second"])
            assert {"first", "second"} <= set(result.executed)
            assert result.report["policy"]["large_autoencoder_dtype"] == "bf16"
            assert torch.equal(result.value("first"), result.value("second"))
            pictures.append(result.value("first"))
    with graphexec.Session(models, cache=None, device="cpu", dtype="fp32") as session:
        reference = session.run(FLOW, targets=["first"]).value("first")
    small, large = pictures
    assert torch.equal(small, reference) and not torch.equal(large, reference)
