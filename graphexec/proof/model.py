"""The content of a lock file as pydantic models: what went into a render, and what came out."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Level: TypeAlias = Literal["bytes", "tensors", "perceptual"]

LEVELS: tuple[Level, ...] = ("bytes", "tensors", "perceptual")
"""The levels of agreement, strictest first; each implies those behind it."""

VERSION = 1
"""The version of the form: raised when a field changes its meaning or goes away."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
KeptName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$")]
"""The name of a kept file: it cannot lead out of its directory."""


class Form(BaseModel):
    """Base of the models: unknown fields are errors, and no value is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Tolerance(Form):
    """How far a new render may be from the locked one, to be edited by hand.

    `level` is the least agreement that `verify` demands unless it is told another. At the level of tensors a value
    differs when it is off by more than `max_error` (in units of the values; pixels count 0 to 255) and by more than
    `max_ulps`; `max_differing` is the fraction of pixels, or values, that may differ. At the perceptual level `psnr`
    (dB) and `ssim` are least values; `distance` is the most bits of the fingerprint that may differ, and counts only
    where the expected picture is not kept.
    """

    level: Level = "tensors"
    max_error: float = Field(default=0.0, ge=0)
    max_ulps: int = Field(default=0, ge=0)
    max_differing: float = Field(default=0.0, ge=0, le=1)
    psnr: float = Field(default=40.0, ge=0)
    ssim: float = Field(default=0.98, ge=-1, le=1)
    distance: int = Field(default=4, ge=0, le=64)


class OutputRecord(Form):
    """One file that the workflow makes: artifact `index` of output node `node`, without its metadata.

    `values` is the digest of the decoded pixels or tensors, which stays when only the encoder changes. `expected` is
    the name of the file in the lock's directory; without one only digests and the fingerprint can be compared.
    """

    node: str
    index: int = Field(ge=0)
    type: str
    media_type: str
    width: int = Field(default=0, ge=0)
    height: int = Field(default=0, ge=0)
    bytes: int = Field(ge=0)
    blake3: Digest
    values: Digest | None = None
    fingerprint: Fingerprint | None = None
    expected: KeptName | None = None
    tolerance: Tolerance = Tolerance()


class FileRecord(Form):
    """A model or input file that the workflow names."""

    folder: str
    name: str
    bytes: int = Field(ge=0)
    sha256: Digest
    blake3: Digest


class NodeRecord(Form):
    """A node of the workflow: literals, links as `node:output`, and graphexec's own settings of the node."""

    type: str
    inputs: dict[str, Any] = Field(default_factory=dict)
    links: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)


class ChangesRecord(Form):
    """What was different from the file when it was locked."""

    set: dict[str, Any] = Field(default_factory=dict)
    params: dict[str, Any] = Field(default_factory=dict)
    seed: int | None = None
    targets: list[str] | None = None


class Lock(Form):
    """A lock file. `graph` is the digest of what the workflow means, `types` has the versions of its node types."""

    graphexec_lock: Literal[1]
    workflow: str
    graph: Digest
    changes: ChangesRecord = ChangesRecord()
    policy: dict[str, str]
    versions: dict[str, str]
    types: dict[str, str]
    nodes: dict[str, NodeRecord]
    files: list[FileRecord]
    outputs: list[OutputRecord]
