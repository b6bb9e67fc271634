"""Every recipe of a cache key: what a step's result depends on, and nothing else.

A key is the digest of the node's type and spec version, the numeric policy, its literals as the node gets them,
its links as (key of the upstream step, output), the contents of files that its literals name and the number formats
they compute in, and, for packs only, the hidden values they receive. Node ids are part of it only where the node can
see them. Number formats stand in the keys of the nodes that open files; what is downstream has them by its links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphexec.errors import NodeError
from graphexec.graph.model import GraphNode
from graphexec.graph.prompts import embedding_names, reads_prompts
from graphexec.hashing import digest
from graphexec.plan.fingerprints import Fingerprints
from graphexec.plan.model import Key, Known, Late
from graphexec.ports import Files, Policy
from graphexec.registry.named_files import named_files
from graphexec.registry.spec import InputSpec, NodeSpec

BUDGET_REVISION = 2
"""What a budget decides, tiles and slices: raised when a change of ours decides otherwise, which gives other bits."""

SEES_PROMPT = frozenset({"PROMPT", "DYNPROMPT"})


@dataclass(frozen=True, slots=True)
class World:
    """What keys take from outside the graph. `prompt` and `workflow` are called only for packs that receive them.

    `formats` tells the number formats of a model file's parts, from its folder and path (`Hooks.formats`).
    """

    policy: Policy
    files: Files | None
    fingerprints: Fingerprints
    prompt: Callable[[], Any] = lambda: None
    workflow: Callable[[], Any] = lambda: None
    formats: Callable[[str, Path], Mapping[str, str]] = lambda folder, path: {}


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the recipes of all nodes of one type share. `basis` is the digest of `common`."""

    common: Mapping[str, Any]
    basis: str
    inputs: Mapping[str, InputSpec]
    file_inputs: tuple[str, ...]
    prompts: bool
    plain: bool
    """Neither files nor hidden values nor ids: the recipe is the common part, literals and links."""


class Recipes:
    """Makes the keys of one run."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.contents: dict[tuple[str, str], str] = {}
        """Digests of the files that were looked at, by folder and name."""
        self._shapes: dict[tuple[str, str], _Shape] = {}
        self._digests: dict[str, str] = {}
        policy = world.policy
        self._numerics: dict[str, str | int | None] = {
            "device": policy.device_class,
            "hardware": policy.hardware,
            "noise": policy.noise,
            "threads": policy.threads if policy.device_class == "cpu" else None,
            "torch": policy.torch,
        }
        if policy.memory is not None:  # left out, keys are those of runs without a budget
            self._numerics["memory"] = f"{policy.memory} (revision {BUDGET_REVISION})"

    def early(self, node: GraphNode, upstream: Mapping[str, Key]) -> Key:
        """Return the key of a node before anything ran, or why it can only be known later."""
        shape = self._shape(node.spec)
        reason = _own_reason(node, shape)
        if reason is not None:
            return Late(reason)
        links: dict[str, str] = {}
        for name, edge in node.links.items():
            key = upstream[edge.node]
            if isinstance(key, Late):
                return Late(f"node {edge.node} gets its key while it runs")
            links[name] = output_of(key, edge.slot)
        return self._key(shape, node, links, {}, None)

    def late(
        self, node: GraphNode, links: Mapping[str, str], values: Mapping[str, Sequence[Any]], changed: Any = None
    ) -> Known | None:
        """Return the key of a node whose inputs are there, or None when its literals are no plain data.

        `links` has for every link that was followed what stands for it in the key (`output_of`, `value_of`),
        `values` the items of its value, and `changed` is what IS_CHANGED returned.
        """
        try:
            return self._key(self._shape(node.spec), node, links, values, changed)
        except TypeError:
            return None

    def files_unchanged(self, node: GraphNode, key: Known, values: Mapping[str, Sequence[Any]]) -> bool:
        """Whether the files in a key still have the contents that it says: asked after the node has read them."""
        named = self._named(self._shape(node.spec), node, values)
        return bool(key.recipe["files"] == {f"{folder}/{name}": self._content(folder, name) for folder, name in named})

    def _key(
        self,
        shape: _Shape,
        node: GraphNode,
        links: Mapping[str, str],
        values: Mapping[str, Sequence[Any]],
        changed: Any,
    ) -> Known:
        recipe: dict[str, Any] = {"node": shape.common, "literals": node.params, "links": links}
        if shape.plain and changed is None and node.continuation is None:
            return Known(digest("step", [shape.basis, node.params, links]), recipe)
        named = tuple(self._named(shape, node, values))
        fields = {
            "id": node.id if node.spec.id_in_key else None,
            "raw links": {name: node.links[name].node for name in node.spec.raw_inputs if name in node.links},
            "files": {f"{folder}/{name}": self._content(folder, name) for folder, name in named},
            "formats": {f"{folder}/{name}": f for folder, name in named if (f := self._formats(folder, name))},
            "hidden": self._hidden(node.spec),
            "changed": changed,
        }
        if node.continuation is not None:
            fields["continuation"] = node.continuation
        recipe |= fields
        return Known(digest("step", [shape.basis, node.params, links, fields]), recipe)

    def _named(self, shape: _Shape, node: GraphNode, values: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, str]]:
        """Yield (folder, name) of each file that a literal or a linked text names."""
        given: dict[str, Sequence[Any]] = {name: [value] for name, value in node.params.items()} | dict(values)
        for name in shape.file_inputs:
            for item in given.get(name, ()):
                if isinstance(item, str):
                    yield from named_files(shape.inputs[name], item, self.world.files)
        if shape.prompts:
            for name, items in given.items():
                for text in items if "STRING" in shape.inputs[name].type else ():
                    if isinstance(text, str):
                        yield from (("embeddings", name) for name in embedding_names(text))

    def _content(self, folder: str, name: str) -> str | None:
        """Return the digest of a file's content, None when it cannot be read: that stops the node, not the plan."""
        path = self._path(folder, name)
        try:
            if path is not None:
                content = self.contents[folder, name] = self.world.fingerprints.of(path)
                return content
        except OSError:
            pass
        return None

    def _formats(self, folder: str, name: str) -> dict[str, str]:
        """Return the number formats of a file's parts; none when it has no such parts or cannot be read."""
        path = self._path(folder, name)
        try:
            return {} if path is None else dict(self.world.formats(folder, path))
        except (NodeError, OSError):
            return {}

    def _path(self, folder: str, name: str) -> Path | None:
        files = self.world.files
        try:
            return None if files is None else files.input(name) if folder == "input" else files.model(folder, name)
        except NodeError:
            return None

    def _hidden(self, spec: NodeSpec) -> dict[str, Any]:
        if not spec.from_pack:
            return {}
        markers = {marker for _, marker in spec.hidden}
        hidden: dict[str, Any] = {}
        if markers & SEES_PROMPT:
            hidden["prompt"] = self._digest_of("prompt", self.world.prompt)
        if "EXTRA_PNGINFO" in markers:
            hidden["workflow"] = self._digest_of("workflow", self.world.workflow)
        return hidden

    def _digest_of(self, name: str, value: Callable[[], Any]) -> str:
        if name not in self._digests:
            self._digests[name] = digest(name, value())
        return self._digests[name]

    def _shape(self, spec: NodeSpec) -> _Shape:
        shape = self._shapes.get((spec.type, spec.version))
        if shape is None:
            common: dict[str, Any] = {"type": spec.type, "version": spec.version, "numerics": self._numerics}
            file_inputs = tuple(i.name for i in spec.inputs if i.folder is not None)
            prompts = reads_prompts(spec.inputs)
            hidden = spec.from_pack and bool(spec.hidden)
            shape = self._shapes[spec.type, spec.version] = _Shape(
                common=common,
                basis=digest("node", common),
                inputs={i.name: i for i in spec.inputs},
                file_inputs=file_inputs,
                prompts=prompts,
                plain=not (file_inputs or prompts or spec.raw_inputs or hidden or spec.id_in_key),
            )
        return shape


def output_of(key: Known, slot: int) -> str:
    """Return what stands in a key for a link to an output of a step with this key."""
    return f"output {slot} of {key.digest}"


def value_of(digest: str) -> str:
    """Return what stands in a key for a link whose value has this digest."""
    return f"value {digest}"


def _own_reason(node: GraphNode, shape: _Shape) -> str | None:
    """Return why this node's key is late whatever is upstream of it."""
    if node.spec.always_runs:
        return "it runs every time, and what it gives may differ"
    if node.spec.fingerprint is not None:
        return "the pack's IS_CHANGED decides while it runs"
    if not node.links:
        return None
    if node.spec.lazy_inputs and not node.spec.lazy_inputs.isdisjoint(node.links):
        return "which lazy inputs it asks for shows while it runs"
    for name in shape.file_inputs:
        if name in node.links:
            return f"{name} is a file name that comes by link"
    if shape.prompts:
        for name in node.links:
            declared = shape.inputs.get(name)
            if declared is not None and "STRING" in declared.type:
                return f"{name} comes by link and may name embeddings"
    return None
