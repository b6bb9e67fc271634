"""The numeric policy as a person reads it."""

import pytest

from graphexec.cli.policies import policy_line
from graphexec.ports import Policy


@pytest.mark.parametrize(
    ("policy", "line"),
    [
        (Policy(threads=2, torch="2.13.0+cpu"), "computing on cpu in fp32, 2 threads, torch 2.13.0+cpu"),
        (
            Policy(large_dtype="bf16", large_autoencoder_dtype="bf16"),
            "computing on cpu in fp32 (large models: bf16), torch not installed",
        ),
        (
            Policy(large_dtype="fp16"),
            "computing on cpu in fp32 (large models: fp16, autoencoders: fp32), torch not installed",
        ),
        (
            Policy(
                "cuda:1", "H100\x1b[31m", "fp16", "fp16", "bf16", "bf16", noise="comfyui-0.5", threads=8, torch="2.14"
            ),
            "computing on cuda:1 (H100\\x1b[31m) in fp16 (autoencoders: bf16), noise comfyui-0.5, torch 2.14",
        ),
    ],
)
def test_line(policy, line):
    assert policy_line(policy) == line
