"""Reading tensors from model files: safetensors by memory map, PyTorch files with tensors only."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from graphexec.diffusion.loading.header import SAFETENSORS, BadModelFile, Header, TensorInfo, read_header
from graphexec.hashing import digest_file, known_file

PICKLED = frozenset({".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl"})
_NAMES: Mapping[torch.dtype, str] = MappingProxyType(
    {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64"}
)


@dataclass(frozen=True)
class WeightsFile:
    """A model file at one moment: its path, and a stamp of size, times and inode that tells when it changed.

    Equal files have equal paths and stamps. Nothing is read before it is asked for; the header alone is cheap for
    safetensors, while a PyTorch file is opened as a whole.
    """

    path: Path
    stamp: tuple[int, ...] = field(repr=False)

    @cached_property
    def header(self) -> Header:
        """Names, shapes and element types of the tensors."""
        if self.path.suffix.lower() in SAFETENSORS:
            return read_header(self.path)
        tensors = {
            name: TensorInfo(_NAMES.get(tensor.dtype, str(tensor.dtype)), tuple(tensor.shape))
            for name, tensor in self._pickled.items()
        }
        return Header(MappingProxyType(tensors), MappingProxyType({}))

    @property
    def digest(self) -> str:
        """The hex BLAKE3 digest of the file's bytes; reads the whole file, unless this process knows it."""
        return _content_digest(self)

    def read(self, names: Iterable[str]) -> dict[str, Tensor]:
        """Tensors by name, as stored: views of the mapped file, not to be written to. Raises BadModelFile."""
        if self.path.suffix.lower() not in SAFETENSORS:
            return {name: self._pickled[name] for name in names}
        _ = self.header  # checked before the library maps the file
        try:
            with safe_open(self.path, framework="pt", device="cpu") as file:
                tensors = {name: file.get_tensor(name) for name in names}
        except (SafetensorError, OSError) as error:
            raise BadModelFile(self.path, f"cannot be read: {error}") from error
        self.refuse_change()
        return tensors

    def refuse_change(self) -> None:
        """Raise BadModelFile when the file is no longer what it was."""
        if open_weights(self.path).stamp != self.stamp:
            raise BadModelFile(self.path, "changed while it was in use")

    @cached_property
    def _pickled(self) -> Mapping[str, Tensor]:
        return _pickled_tensors(self.path)


def open_weights(path: Path) -> WeightsFile:
    """Name the file as it is now. Raises BadModelFile when it is missing or of no known kind."""
    if path.suffix.lower() not in SAFETENSORS | PICKLED:
        known = ", ".join(sorted(SAFETENSORS | PICKLED))
        raise BadModelFile(path, f"not a model file by its name; known suffixes: {known}")
    try:
        stat = path.stat()
    except OSError as error:
        raise BadModelFile(path, f"cannot be read: {error.strerror}") from error
    return WeightsFile(path.resolve(), (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino))


@lru_cache(maxsize=1024)
def _content_digest(file: WeightsFile) -> str:
    found = known_file(file.stamp) or digest_file(file.path)
    file.refuse_change()
    return found


def read_pickled(path: Path) -> Mapping[str, object]:
    """The dictionary in a PyTorch file of tensors and plain values; nothing in the file is executed.

    Raises BadModelFile for files with anything else in them.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=_is_zip(path))
    except pickle.UnpicklingError as error:
        raise BadModelFile(
            path,
            "holds more than tensors, and loading it would run code from the file; convert it to safetensors first",
        ) from error
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, AssertionError) as error:
        raise BadModelFile(path, "not a PyTorch file, or cut short") from error
    if not isinstance(content, dict):
        raise BadModelFile(path, "holds no dictionary")
    return content


def _pickled_tensors(path: Path) -> Mapping[str, Tensor]:
    content = read_pickled(path)
    wrapped = (content.get(name) for name in ("state_dict", "model", "params_ema", "params"))
    content = next((inner for inner in wrapped if isinstance(inner, dict)), content)
    return {name: value for name, value in content.items() if isinstance(name, str) and isinstance(value, Tensor)}


def _is_zip(path: Path) -> bool:
    """Whether the file is of the format that can be mapped (PyTorch 1.6 and later)."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"
