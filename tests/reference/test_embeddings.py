"""Embeddings that a prompt names and that are not there: left out as in ComfyUI, and said, however the text arrives."""

from __future__ import annotations

from pathlib import Path

import torch

import graphexec

LOADER = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "tiny-sd1.safetensors"}}


def encoding(text: object) -> dict[str, object]:
    return {"class_type": "CLIPTextEncode", "inputs": {"text": text, "clip": ["4", 1]}}


def test_a_missing_embedding_in_a_linked_text_is_left_out_and_said(reference_models: Path, tmp_path: Path) -> None:
    flow = {
        "4": LOADER,
        "1": {"class_type": "PrimitiveString", "inputs": {"value": "a fox embedding:nothere"}},
        "6": encoding(["1", 0]),
        "7": encoding("a fox"),
    }
    with graphexec.Session(models=str(reference_models), output=str(tmp_path), device="cpu", dtype="fp32") as session:
        result = session.run(flow, targets=["6", "7"])
        assert torch.equal(result.value("6", 0)[0][0], result.value("7", 0)[0][0])
    assert ["nothere" in str(warning) for warning in result.warnings] == [True]
