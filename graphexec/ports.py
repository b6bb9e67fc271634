"""The engine's view of what it does not know: values, artifacts, and the hooks of the numeric world.

The engine never imports torch, numpy or Pillow. Whatever needs them it reaches through `Hooks`, which the
package `nodes` implements (`nodes.hooks`) and `registry.builtin` looks up by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from graphexec.encoding import from_json, to_json


class Pieces(Protocol):
    """A safetensors file too large to hold: its bytes are made whenever it is iterated, the header as first piece."""

    def __iter__(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that an output node wants written. `content` is complete but for metadata; `report` places it.

    `prefix` is the node's filename_prefix, `%` patterns unexpanded. `width` and `height` (pixels) fill
    `%width%` and `%height%`; `batch_index` fills `%batch_num%`.
    """

    media_type: Literal["image/png", "image/apng", "image/webp", "application/x-safetensors", "text/plain"]
    content: bytes | Pieces
    prefix: str
    suffix: str
    role: Literal["output", "preview"] = "output"
    width: int = 0
    height: int = 0
    batch_index: int = 0
    ui_key: str = "images"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a node returns when a plain tuple of outputs is not enough."""

    values: tuple[Any, ...] = ()
    ui: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    artifacts: tuple[Artifact, ...] = ()
    expand: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """A value that stops its consumers (ComfyUI's ExecutionBlocker); `message` None is silent."""

    message: str | None = None


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value as bytes for the cache: text and JSON as such, tensors as safetensors."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Policy:
    """The resolved numeric policy: what results depend on beside the workflow, its files and the code of nodes.

    `device` is cpu, cuda, cuda:N or mps, and `hardware` names its kind: two of one kind give the same bits. The number
    formats are fp32, bf16 or fp16: `dtype` of the networks in small files, `large_dtype` of those in large ones,
    likewise of small autoencoders and large ones (the hooks tell which is what), and of text encoders. `noise` is the
    revision of step noise, `threads` how many compute on the processor (None: as the host has it), `torch` PyTorch's
    version with its build. `memory` are the bytes that models and what they compute may take (None: what the machine
    has); images that would need more whole are decoded and encoded in tiles, batches sampled in slices.
    """

    device: str = "cpu"
    hardware: str = ""
    dtype: str = "fp32"
    large_dtype: str = "fp32"
    autoencoder_dtype: str = "fp32"
    large_autoencoder_dtype: str = "fp32"
    text_dtype: str = "fp32"
    noise: str = "comfyui"
    threads: int | None = None
    torch: str | None = None
    memory: int | None = None

    @property
    def device_class(self) -> str:
        """The device without its number."""
        return self.device.partition(":")[0]


@runtime_checkable
class Files(Protocol):
    """Finds model and input files by the names that workflows use. `graphexec.files` implements it."""

    def model(self, folder: str, name: str) -> Path:
        """Return the file `name` of the model folder; raises NodeError when it is missing or unsafe."""

    def models(self, folder: str) -> Sequence[str]:
        """Return the names of all files of the model folder, sorted."""

    def input(self, name: str) -> Path:
        """Return an input file (`name [output]` selects another directory); raises NodeError."""


class Blobs(Protocol):
    """Small named pieces of data that outlive the process, such as the state of a sampler under way.

    A load gives what one whole save has written, or None: after a crash, and when the data were damaged or evicted.
    A save that fails, on a full disk say, warns and leaves no entry.
    """

    def load(self, key: str) -> bytes | None:
        """Return the data of a key, or None when there are none."""

    def save(self, key: str, data: bytes) -> None:
        """Replace the data of a key, atomically."""

    def drop(self, key: str) -> None:
        """Forget a key; one that is not there is no error."""


class Context(Protocol):
    """What a node's body may ask of the run it is part of."""

    @property
    def files(self) -> Files: ...
    @property
    def policy(self) -> Policy: ...
    @property
    def node_id(self) -> str: ...
    @property
    def node_type(self) -> str: ...
    @property
    def hidden(self) -> Mapping[str, Any]:
        """Hidden values by marker: PROMPT, EXTRA_PNGINFO, UNIQUE_ID, DYNPROMPT."""

    @property
    def resources(self) -> dict[str, Any]:
        """Things that live as long as the Session (loaded weights), by name; owned by the numeric world."""

    @property
    def instances(self) -> dict[tuple[str, str], Any]:
        """Objects of pack classes by node id and type; they live as long as the Session."""

    @property
    def continuation(self) -> str | None:
        """The node's setting of that name: `exact` where a sampler's state goes from stage to stage."""

    @property
    def blobs(self) -> Blobs:
        """Named data in the Session's cache, by whatever key the node makes up."""

    def progress(self, done: int, total: int, preview: Callable[[], bytes] | None = None) -> None:
        """Report progress; raises Interrupted when the run is to stop. Call it once a sampler step."""

    def steps_reused(self, count: int) -> None:
        """Record that so many sampler steps were not made again: an earlier run has left their result."""

    def check_cancelled(self) -> None:
        """Raise Interrupted when the run is to stop."""

    def warn(self, message: str) -> None:
        """Tell the user something that does not stop the run."""


Remembered: TypeAlias = Callable[[str, Path, Callable[[Path], int]], int]
"""`remembered(name, path, count)`: a number that follows from a file's content, counted once for each content."""


def counted(name: str, path: Path, count: Callable[[Path], int]) -> int:
    """Implement `Remembered` without a memory."""
    return count(path)


class Hooks(Protocol):
    """What the numeric world does for the engine. Only `policy` and `formats` are called before a value exists."""

    def policy(self, device: str, dtype: str, noise: str, threads: int | None = None) -> Policy:
        """Resolve the user's words, `auto` among them, to what this machine has. Raises UsageError."""

    def formats(self, policy: Policy, folder: str, path: Path, remembered: Remembered = counted) -> Mapping[str, str]:
        """Return the number formats that the parts of a model file compute in, by part; none for other files.

        What must be counted in the file is asked for through `remembered`.
        """

    def hint(self, literals: Mapping[str, Any], changed: Sequence[str]) -> str | None:
        """Return what a change of these literals alone means for the work that a node has to do anew."""

    def around_node(self, context: Context) -> AbstractContextManager[None]:
        """Wrap the call of a node: inference mode, RNG fork and restore, out-of-memory recovery."""

    def around_threaded(self, context: Context) -> AbstractContextManager[None]:
        """Wrap the call of a node in a worker thread: what belongs to that thread, and nothing of the process."""

    def size(self, value: Any) -> int:
        """Return the bytes that a value holds, roughly; handles count as nothing."""

    def digest(self, value: Any) -> str | None:
        """Return the digest of a value's content, or None when it has none (closures, foreign objects)."""

    def isolate(self, value: Any) -> Any:
        """Return a copy that a node pack may write into without changing the original."""

    def encode(self, value: Any) -> Encoded:
        """Return a value as bytes, the same for the same value; raises `encoding.Unstorable` when it has no such form.

        Plain values are decoded without numeric packages.
        """

    def decode(self, encoded: Encoded) -> Any:
        """Return the value that `encode` was given, bit for bit. Raises ValueError for what it never returned."""

    def close(self, resources: dict[str, Any]) -> None:
        """Release what `Context.resources` holds (weights, device memory)."""


TEXT = "text/plain"
JSON = "application/json"


def utf8(text: str) -> bytes | None:
    """Return a text as UTF-8, or None when half of a surrogate pair in it has no such form."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


def write_blocked(value: Any) -> tuple[str, Any] | None:
    """Return the form of a blocked value for `encoding.to_json`; None for others."""
    return ("blocked", value.message) if type(value) is Blocked else None


def read_blocked(kind: str, content: Any) -> Any:
    """Return the blocked value that `write_blocked` was given. Raises ValueError for another kind."""
    if kind != "blocked":
        raise ValueError(f"values of kind {kind!r} are not known here")
    return Blocked(content)


class PlainHooks:
    """Hooks for values of the standard library only: what runs when no numeric package is present."""

    def policy(self, device: str, dtype: str, noise: str, threads: int | None = None) -> Policy:
        """Return the reference: there is nothing that could compute otherwise."""
        return Policy(noise=noise, threads=threads)

    def formats(self, policy: Policy, folder: str, path: Path, remembered: Remembered = counted) -> Mapping[str, str]:
        """Return none: no model can be loaded."""
        return {}

    def hint(self, literals: Mapping[str, Any], changed: Sequence[str]) -> str | None:
        """Return nothing."""
        return None

    def around_node(self, context: Context) -> AbstractContextManager[None]:
        """Wrap nothing."""
        return nullcontext()

    def around_threaded(self, context: Context) -> AbstractContextManager[None]:
        """Wrap nothing."""
        return nullcontext()

    def size(self, value: Any) -> int:
        """Return the length of texts and bytes, and a flat guess for the rest."""
        return len(value) if isinstance(value, (str, bytes, bytearray)) else 64

    def digest(self, value: Any) -> str | None:
        """Digest plain values; None for others."""
        from graphexec.hashing import digest

        try:
            return digest("value", value)
        except (TypeError, AttributeError):
            return None

    def isolate(self, value: Any) -> Any:
        """Copy containers."""
        if isinstance(value, dict):
            return {k: self.isolate(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.isolate(v) for v in value]
        return value

    def encode(self, value: Any) -> Encoded:
        """Encode plain values and blocked ones."""
        if type(value) is str and (text := utf8(value)) is not None:
            return Encoded(TEXT, text)
        return Encoded(JSON, to_json(value, write_blocked))

    def decode(self, encoded: Encoded) -> Any:
        """Decode text and JSON."""
        if encoded.media_type == TEXT:
            return encoded.content.decode()
        if encoded.media_type != JSON:
            raise ValueError(f"{encoded.media_type} cannot be decoded here")
        return from_json(encoded.content, read_blocked)

    def close(self, resources: dict[str, Any]) -> None:
        """Forget everything."""
        resources.clear()
