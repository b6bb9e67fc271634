"""The files that a run makes, as a lock names and measures them: digests, decoded values, fingerprints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from blake3 import blake3

from graphexec.execute.result import Result
from graphexec.graph.model import Graph
from graphexec.hashing import digest, digest_bytes
from graphexec.ports import Artifact
from graphexec.report.place import chosen

if TYPE_CHECKING:
    from numpy.typing import NDArray

Values: TypeAlias = "Mapping[str, NDArray[Any]]"
"""Decoded arrays by name: a picture has one, a tensor file one a tensor."""

PICTURES = frozenset(("image/png", "image/apng", "image/webp"))
TENSORS = "application/x-safetensors"


@dataclass(frozen=True, slots=True)
class Output:
    """Artifact `index` of an output node. `content` is the file without metadata, None when too large to hold."""

    node: str
    index: int
    type: str
    media_type: str
    suffix: str
    width: int
    height: int
    content: bytes | None
    bytes: int
    digest: str


def outputs_of(result: Result, graph: Graph) -> list[Output]:
    """Return the outputs of a run in its order; previews only when there is nothing else."""
    seen: Counter[str] = Counter()
    made: list[Output] = []
    for node, artifact in chosen(result.artifacts):
        made.append(_output(node, seen[node], graph.nodes[node].spec.type, artifact))
        seen[node] += 1
    return made


def _output(node: str, index: int, type: str, artifact: Artifact) -> Output:
    content = artifact.content
    if isinstance(content, bytes):
        size, digested, kept = len(content), digest_bytes(content), content
    else:
        hasher, size, kept = blake3(), 0, None
        for piece in content:
            hasher.update(piece)
            size += len(piece)
        digested = hasher.hexdigest()
    return Output(
        node, index, type, artifact.media_type, artifact.suffix, artifact.width, artifact.height, kept, size, digested
    )


def values_of(media_type: str, content: bytes | None) -> Values | None:
    """Return the arrays that a file holds, None for texts and for what was too large to hold. Raises NodeError."""
    if content is None:
        return None
    from graphexec.imaging import contents

    if media_type in PICTURES:
        return {"pixels": contents.picture(content)}
    return contents.tensors(content) if media_type == TENSORS else None


def values_digest(values: Values) -> str:
    """Return the digest of decoded arrays: names, types, shapes and values, whatever the file's encoding."""
    entries: list[Any] = [[name, str(v.dtype), list(v.shape), v.tobytes()] for name, v in sorted(values.items())]
    return digest("decoded values", entries)


def fingerprint_of(media_type: str, values: Values | None) -> str | None:
    """Return the perceptual fingerprint of a picture; None for other files."""
    if values is None or media_type not in PICTURES:
        return None
    from graphexec.imaging.fingerprint import fingerprint

    return fingerprint(values["pixels"])
