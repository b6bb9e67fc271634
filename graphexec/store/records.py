"""Entries as records: a JSON text that names objects by digest, and values that are decoded when they are read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from graphexec.encoding import Unstorable, from_json, to_json
from graphexec.errors import NodeError
from graphexec.hashing import digest_bytes
from graphexec.ports import Artifact, Encoded, Hooks
from graphexec.store.model import Entry, Items


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry ready to be stored: its record, and the contents of its objects by digest."""

    record: str
    contents: Mapping[str, bytes]


class Decoded(Sequence[Any]):
    """The items of an output, `size` bytes, decoded at the first look at one."""

    __slots__ = ("_count", "_decode", "_items", "size")

    def __init__(self, count: int, size: int, decode: Callable[[], list[Any]]) -> None:
        self.size = size
        self._count = count
        self._decode: Callable[[], list[Any]] | None = decode
        self._items: list[Any] = []

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self._all()[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._all())

    def _all(self) -> list[Any]:
        decode = self._decode
        if decode is not None:
            self._items, self._decode = decode(), None
        return self._items


def record(entry: Entry, hooks: Hooks) -> Recorded:
    """Return the record of an entry. Raises Unstorable, whose text says which output cannot be stored."""
    contents: dict[str, bytes] = {}

    def add(content: bytes) -> list[Any]:
        digest = digest_bytes(content)
        contents[digest] = content
        return [digest, len(content)]

    outputs: list[Any] = []
    for slot, items in enumerate(entry.outputs):
        try:
            encoded = hooks.encode(items[0] if len(items) == 1 else list(items))
        except Unstorable as reason:
            raise Unstorable(f"output {slot} holds {reason}") from None
        outputs.append([len(items), encoded.media_type, *add(encoded.content)])
    artifacts: list[Any] = []
    for artifact in entry.artifacts:
        if not isinstance(artifact.content, bytes):
            raise Unstorable("it writes a file too large to keep")
        fields = {name: getattr(artifact, name) for name in _FIELDS}
        artifacts.append({**fields, "content": add(artifact.content)})
    form: dict[str, Any] = {"outputs": outputs, "mapped": entry.mapped, "artifacts": artifacts}
    if entry.digests:
        form["digests"] = {str(slot): digest for slot, digest in entry.digests.items()}
    if entry.ui:
        try:
            form["ui"] = to_json(dict(entry.ui)).decode()
        except Unstorable as reason:
            raise Unstorable(f"what it shows holds {reason}") from None
    return Recorded(json.dumps(form, separators=(",", ":")), contents)


def objects_of(record: str) -> dict[str, int]:
    """Return the objects that a record names, with their sizes. Raises ValueError for what is no record."""
    form = _parsed(record)
    pairs = [output[2:] for output in form["outputs"]] + [artifact["content"] for artifact in form["artifacts"]]
    return dict(pairs)


def restore(record: str, read: Callable[[str], bytes | None], hooks: Hooks) -> Entry | None:
    """Return the entry of a record, its objects read and verified, not decoded; None when `read` lacks one.

    Raises ValueError for what is no record.
    """
    form = _parsed(record)
    contents: dict[str, bytes] = {}
    for digest in objects_of(record):
        content = read(digest)
        if content is None:
            return None
        contents[digest] = content
    return Entry(
        outputs=tuple(_items(count, Encoded(kind, contents[digest]), hooks)
                      for count, kind, digest, _ in form["outputs"]),
        mapped=form["mapped"],
        ui=from_json(form["ui"].encode()) if "ui" in form else {},
        artifacts=tuple(
            Artifact(content=contents[fields["content"][0]], **{name: fields[name] for name in _FIELDS})
            for fields in form["artifacts"]
        ),
        digests={int(slot): digest for slot, digest in form.get("digests", {}).items()},
    )  # fmt: skip


_FIELDS = ("media_type", "prefix", "suffix", "role", "width", "height", "batch_index", "ui_key")


def _items(count: int, encoded: Encoded, hooks: Hooks) -> Items:
    def decode() -> list[Any]:
        try:
            value = hooks.decode(encoded)
        except ValueError as error:
            raise NodeError(f"a value from the cache cannot be used here ({error}): run with --cache off") from error
        return [value] if count == 1 else value

    return Decoded(count, len(encoded.content), decode)


def _parsed(record: str) -> dict[str, Any]:
    form = json.loads(record)
    if not isinstance(form, dict) or not {"outputs", "mapped", "artifacts"} <= form.keys():
        raise ValueError("this is no record of an entry")
    return form
