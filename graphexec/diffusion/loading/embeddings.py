"""Textual inversion embeddings (Gal et al. 2022, arXiv 2208.01618): finding a prompt's files and reading them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from torch import Tensor

from graphexec.diffusion.loading.header import SAFETENSORS, BadModelFile
from graphexec.diffusion.loading.weights import WeightsFile, open_weights, read_pickled

SUFFIXES = ("", ".safetensors", ".pt", ".bin")


class EmbeddingFiles(Protocol):
    """Where embeddings are found; `ports.Files` is one."""

    def model(self, folder: str, name: str) -> Path: ...
    def models(self, folder: str) -> Sequence[str]: ...


def find_embedding(files: EmbeddingFiles, name: str) -> Path | None:
    """The file of an embedding by the name in a prompt, suffix optional, or None."""
    known = {entry.replace("\\", "/"): entry for entry in files.models("embeddings")}
    wanted = name.replace("\\", "/")
    found = next((known[wanted + suffix] for suffix in SUFFIXES if wanted + suffix in known), None)
    return None if found is None else files.model("embeddings", found)


def read_embedding(path: Path, key: str) -> Tensor:
    """The vectors `(N, D)` float32 of an embedding file for the text encoder `key` (`clip_l`, `clip_g`, ...).

    Knows SDXL's files (one tensor an encoder), bare tensors by any name, and the dictionary of the original code.
    Raises BadModelFile for others.
    """
    tensors = _tensors(open_weights(path))
    if not tensors:
        raise BadModelFile(path, "holds no embedding")
    vectors = tensors[key] if key in tensors else next(iter(tensors.values()))
    return vectors.reshape(-1, vectors.shape[-1]).float()


def _tensors(file: WeightsFile) -> Mapping[str, Tensor]:
    if file.path.suffix.lower() in SAFETENSORS:
        return file.read(file.header.tensors)
    content = read_pickled(file.path)
    nested = content.get("string_to_param")
    if isinstance(nested, Mapping):
        content = nested
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
