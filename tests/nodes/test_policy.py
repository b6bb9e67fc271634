"""The numeric policy: what `auto` and the other words mean on machines of different kinds."""

import json
import struct
import subprocess
import sys
from dataclasses import replace

import pytest

import graphexec
from graphexec.diffusion import accelerators, processor
from graphexec.diffusion.accelerators import NONE, Accelerators
from graphexec.diffusion.processor import REVISIONS, Processor
from graphexec.errors import UsageError
from graphexec.ports import Policy
from nodes import policy
from nodes.policy import formats, resolve, revised

PLAIN = Processor("x86_64", "GenuineIntel", frozenset({"avx2", "avx512f"}))
AVX512_BF16 = Processor("x86_64", "AuthenticAMD", frozenset({"avx512f", "avx512_bf16"}))
AMX = Processor("x86_64", "GenuineIntel", frozenset({"avx512f", "amx_bf16"}))
H100 = Accelerators(("H100", "H100"), cuda_bf16=True)
T4 = Accelerators(("T4",))


@pytest.fixture
def machine(monkeypatch):
    """Return a function that sets what this machine has."""

    def become(cpu=PLAIN, others=NONE):
        monkeypatch.setattr(processor, "processor", lambda: cpu)
        monkeypatch.setattr(accelerators, "accelerators", lambda: others)

    become()
    return become


def words(device="auto", dtype="auto"):
    """Return a policy's device and number formats: networks and autoencoders, small and large, and text encoders."""
    made = resolve(device, dtype, "comfyui")
    return (
        made.device,
        f"{made.dtype} {made.large_dtype}",
        f"{made.autoencoder_dtype} {made.large_autoencoder_dtype}",
        made.text_dtype,
    )


@pytest.mark.parametrize(
    ("cpu", "others", "expected"),
    [
        (PLAIN, NONE, ("cpu", "fp32 fp32", "fp32 fp32", "fp32")),
        (AVX512_BF16, NONE, ("cpu", "fp32 bf16", "fp32 bf16", "fp32")),
        (AMX, NONE, ("cpu", "fp32 bf16", "fp32 bf16", "fp32")),
        (PLAIN, H100, ("cuda", "fp32 bf16", "fp32 bf16", "fp32")),
        (PLAIN, T4, ("cuda", "fp32 fp16", "fp32 fp32", "fp32")),  # autoencoders overflow in fp16
        (PLAIN, Accelerators(mps=True, mps_bf16=True), ("mps", "fp32 bf16", "fp32 bf16", "fp32")),
        (PLAIN, Accelerators(mps=True), ("mps", "fp32 fp16", "fp32 fp32", "fp32")),
    ],
)
def test_auto(machine, cpu, others, expected):
    machine(cpu, others)
    assert words() == expected


@pytest.mark.parametrize(
    ("device", "dtype", "expected"),
    [
        ("cpu", "auto", ("cpu", "fp32 bf16", "fp32 bf16", "fp32")),
        ("cuda:1", "fp32", ("cuda:1", "fp32 fp32", "fp32 fp32", "fp32")),
        ("cuda", "bf16", ("cuda", "bf16 bf16", "bf16 bf16", "bf16")),
        ("cuda", "fp16", ("cuda", "fp16 fp16", "bf16 bf16", "fp16")),
        ("cpu", "fp16", ("cpu", "fp16 fp16", "fp32 fp32", "fp16")),
        ("cpu", "bf16", ("cpu", "bf16 bf16", "bf16 bf16", "bf16")),
    ],
)
def test_words_of_the_user(machine, device, dtype, expected):
    machine(AMX, H100)
    assert words(device, dtype) == expected


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "mps", "gpu", "cuda:", "cpu:0", ""])
def test_devices_that_are_not_there(machine, device):
    machine(others=NONE)
    with pytest.raises(UsageError, match=f"device '{device}'"):
        resolve(device, "auto", "comfyui")
    with graphexec.Session(device=device) as session, pytest.raises(UsageError):
        session.plan({"1": {"class_type": "PrimitiveInt", "inputs": {"value": 1}}}, targets=["1"])


def test_a_device_whose_number_is_too_high(machine):
    machine(others=T4)
    assert resolve("cuda:0", "auto", "comfyui").hardware == "T4"
    with pytest.raises(UsageError, match="cuda:1"):
        resolve("cuda:1", "auto", "comfyui")


def test_unknown_number_formats(machine):
    with pytest.raises(UsageError, match="auto, fp32, bf16, fp16"):
        resolve("cpu", "fp8", "comfyui")


AUTO = Policy(large_dtype="bf16")


@pytest.mark.parametrize(("parameters", "expected"), [(199_999_999, "fp32"), (200_000_000, "bf16")])
def test_the_size_of_a_file_decides(monkeypatch, tmp_path, parameters, expected):
    monkeypatch.setattr("graphexec.diffusion.loading.sizes.parameters", lambda path: parameters)
    asked = formats(AUTO, "checkpoints", tmp_path / "m.safetensors")
    assert asked == {"network": expected, "autoencoder": "fp32", "text": "fp32"}


@pytest.mark.parametrize(
    ("tensors", "expected"),
    [
        ({"decoder.conv_in.weight": 39_999_999}, "fp32"),
        ({"decoder.conv_in.weight": 40_000_000}, "bf16"),
        ({"decoder.conv_in.weight": 20_000_000, "encoder.conv_in.weight": 19_999_990, "quant_conv.bias": 10}, "bf16"),
        ({"decoder.conv_in.weight": 1, "loss.discriminator.weight": 40_000_000}, "fp32"),
        ({"first_stage_model.decoder.conv_in.weight": 1, "model.diffusion_model.out.weight": 10**9}, "fp32"),
        ({"first_stage_model.decoder.conv_in.weight": 40_000_000, "model.diffusion_model.out.weight": 1}, "bf16"),
        ({"model.diffusion_model.out.weight": 10**9}, "fp32"),
    ],
)
def test_an_autoencoder_counts_by_its_own_size(tmp_path, tensors, expected):
    """The same in a checkpoint as in a file of its own, which `formats` is not told by anything else."""
    path = hollow(tmp_path / "m.safetensors", tensors)
    policy = replace(AUTO, large_autoencoder_dtype="bf16")
    for folder in ("checkpoints", "vae", "vae_approx"):
        assert formats(policy, folder, path)["autoencoder"] == expected


def test_a_file_without_a_header_counts_by_its_bytes(tmp_path):
    """In half precision too: 84 M numbers."""
    policy = replace(AUTO, large_autoencoder_dtype="bf16")
    for size, expected in ((80_000_000, "fp32"), (2 * 83_653_863, "bf16"), (4 * 83_653_863, "bf16")):
        path = tmp_path / "vae.pt"
        with path.open("wb") as file:
            file.truncate(size)
        assert formats(policy, "vae", path) == {"autoencoder": expected}


def hollow(path, tensors):
    """Write a safetensors file whose tensors, vectors of so many fp16 numbers, take no place on disk."""
    entries, end = {}, 0
    for name, numbers in tensors.items():
        start, end = end, end + 2 * numbers
        entries[name] = {"dtype": "F16", "shape": [numbers], "data_offsets": [start, end]}
    header = json.dumps(entries).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + end)
    return path


def test_keys_have_the_revision_of_arithmetic_on_processors():
    made = {"network": "bf16", "text": "fp32"}
    assert revised(Policy(), made) == {
        "network": f"bf16 (revision {REVISIONS['bf16']})",
        "text": f"fp32 (revision {REVISIONS['fp32']})",
    }
    assert revised(Policy(device="cuda:1"), made) == made


def test_files_are_not_opened_where_their_size_decides_nothing(tmp_path):
    missing = tmp_path / "missing.safetensors"
    assert formats(Policy(dtype="bf16", large_dtype="bf16"), "diffusion_models", missing) == {"network": "bf16"}
    assert formats(AUTO, "vae", missing) == {"autoencoder": "fp32"}
    assert formats(AUTO, "text_encoders", missing) == {"text": "fp32"}
    assert formats(AUTO, "loras", missing) == formats(AUTO, "input", missing) == {}


def test_every_loader_finds_the_parts_that_it_opens():
    """A folder that is missing in the table would compute in fp32 whatever the user says."""
    from nodes import controlnet, loaders

    opened = {i.folder for module in (controlnet, loaders) for spec in module.NODES.specs for i in spec.inputs}
    assert opened - {None} <= policy.PARTS.keys()


def test_a_policy_is_found_without_torch():
    """On any machine without a GPU, and on those with one from the second process on."""
    program = (
        "import sys, graphexec; from graphexec.diffusion import accelerators\n"
        "accelerators._facts = lambda: {'torch': '2.13.0', 'system': ['Linux', 'x86_64', '6'], 'devices': []}\n"
        "print(graphexec.Session().policy.device, {'torch', 'numpy', 'safetensors'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["cpu", "set()"]
