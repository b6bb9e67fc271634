"""Artifacts into files: metadata spliced in, named, numbered, and not written again when they are there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from graphexec.errors import GraphexecError, NodeError
from graphexec.hashing import digest_bytes
from graphexec.ports import Artifact, Pieces
from graphexec.report.metadata import metadata_texts, splice_apng, splice_header, splice_png, splice_safetensors
from graphexec.report.naming import Series, numbered, prepare, series_of
from graphexec.report.patterns import Facts
from graphexec.report.provenance import KEY, Provenance
from graphexec.report.webp import splice_webp
from graphexec.report.writing import create, unwritable

PREVIEWS = "previews"
"""The subfolder of the output directory that PreviewImage's files go to."""


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file that holds an artifact; `unchanged` when it lay there before.

    `content` is the digest of the file without metadata, None for one too large to hold.
    """

    node: str
    path: Path
    subfolder: str
    ui_key: str
    media_type: str
    unchanged: bool
    content: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """The files of a run, in the order of its artifacts, and what each output node shows."""

    files: tuple[PlacedFile, ...]
    ui: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class OutputFailed(GraphexecError):
    """A file could not be written. `node` is whose, `files` what was placed before."""

    def __init__(self, message: str, node: str, files: tuple[PlacedFile, ...]) -> None:
        self.node = node
        self.files = files
        super().__init__(message)


def place(
    artifacts: Sequence[tuple[str, Artifact]],
    output: str | Path,
    prompt: Mapping[str, Any] | None = None,
    workflow: Any = None,
    *,
    name: str | None = None,
    previews: bool = False,
    now: datetime | None = None,
    provenance: Provenance | None = None,
) -> Placed:
    """Write (node id, artifact) pairs under `output` as ComfyUI names files, and return where they are.

    `prompt`, `workflow` and `provenance` become the files' metadata. `name` is a prefix that replaces those of all
    output nodes. Previews are written with `previews`, or when there is nothing else. An artifact that one of the
    newest files of its name already holds, metadata included, is not written again. Raises OutputFailed.
    """
    texts = metadata_texts(prompt, workflow)
    facts = Facts(prompt=prompt or {}, workflow=workflow, now=now or datetime.now())
    shown = chosen(artifacts, previews)
    files: list[PlacedFile] = []
    node = ""
    try:
        targets: list[Series] = []
        first: dict[str, Artifact] = {}
        for node, artifact in shown:
            sized = first.setdefault(node, artifact)
            targets.append(
                _target(artifact, Path(output), replace(facts, width=sized.width, height=sized.height), name)
            )
        counts = Counter(targets)
        shelves: dict[Series, Shelf] = {}
        for (node, artifact), series in zip(shown, targets, strict=True):
            if series not in shelves:
                shelves[series] = Shelf(series, counts[series])
            content = digest_bytes(artifact.content) if isinstance(artifact.content, bytes) else None
            more = {} if provenance is None else {KEY: provenance.text(node, content)}
            path, unchanged = shelves[series].put(_content(artifact, {**texts, **more}))
            files.append(
                PlacedFile(node, path, series.subfolder, artifact.ui_key, artifact.media_type, unchanged, content)
            )
    except NodeError as error:
        raise OutputFailed(str(error), node, tuple(files)) from error
    return Placed(tuple(files), _ui(files))


class Shelf:
    """The files of one series, of which the newest `wanted` may hold what this run wants to write."""

    def __init__(self, series: Series, wanted: int) -> None:
        self._series = series
        try:
            prepare(series)
            there = numbered(series)
        except OSError as error:
            raise unwritable(series.folder, error) from error
        self._number = max((number for number, _ in there), default=0)
        self._newest = [path for _, path in there if path.suffix == series.suffix][-wanted:]

    def put(self, content: Iterable[bytes]) -> tuple[Path, bool]:
        """Return a file with this content and whether it was there; each file there is used once."""
        for path in self._newest:
            if _holds(path, content):
                self._newest.remove(path)
                return path, True
        while True:
            self._number += 1
            path = self._series.path(self._number)
            if create(path, content):
                return path, False


def chosen(artifacts: Sequence[tuple[str, Artifact]], previews: bool = False) -> list[tuple[str, Artifact]]:
    """Return the artifacts that are written: outputs, and previews on demand or when there is nothing else."""
    wanted = previews or all(artifact.role == "preview" for _, artifact in artifacts)
    return [(node, artifact) for node, artifact in artifacts if artifact.role == "output" or wanted]


def _target(artifact: Artifact, output: Path, facts: Facts, name: str | None) -> Series:
    if artifact.role == "preview":
        return series_of(artifact.prefix, artifact.suffix, output, facts, artifact.batch_index, below=PREVIEWS)
    return series_of(name or artifact.prefix, artifact.suffix, output, facts, artifact.batch_index)


def _content(artifact: Artifact, texts: Mapping[str, str]) -> Iterable[bytes]:
    """Return the file with its metadata, in the kinds of file that ComfyUI puts any into."""
    content = artifact.content
    if not isinstance(content, bytes):
        return Spliced(content, {"prompt": "", **texts})
    match artifact.media_type:
        case "image/png":
            return (splice_png(content, texts),)
        case "image/apng":
            return (splice_apng(content, texts),)
        case "image/webp":
            return (splice_webp(content, texts),)
        case "application/x-safetensors":
            return (splice_safetensors(content, {"prompt": "", **texts}),)
    return (content,)


@dataclass(frozen=True, slots=True)
class Spliced:
    """A large file with metadata in its header, made anew whenever it is iterated."""

    pieces: Pieces
    texts: Mapping[str, str]

    def __iter__(self) -> Iterator[bytes]:
        rest = iter(self.pieces)
        yield splice_header(next(rest), self.texts)
        yield from rest


def _holds(path: Path, content: Iterable[bytes]) -> bool:
    try:
        with path.open("rb") as file:
            return all(file.read(len(piece)) == piece for piece in content) and not file.read(1)
    except OSError:
        return False


def _ui(files: Iterable[PlacedFile]) -> dict[str, dict[str, list[dict[str, str]]]]:
    shown: dict[str, dict[str, list[dict[str, str]]]] = {}
    for file in files:
        entry = {"filename": file.path.name, "subfolder": file.subfolder, "type": "output"}
        shown.setdefault(file.node, {}).setdefault(file.ui_key, []).append(entry)
    return shown
