"""The public API and the only orchestration: read, override, build, plan, execute, settle."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache, cached_property, partial
from pathlib import Path
from threading import RLock
from time import perf_counter
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypedDict, Unpack

from graphexec.collector import collector_paused
from graphexec.diagnostics.model import Diagnostic, Severity
from graphexec.document import overrides
from graphexec.document.load import load_source, read
from graphexec.document.locate import locate
from graphexec.document.model import Document, Target
from graphexec.errors import InvalidWorkflow, RunFailed, UsageError
from graphexec.files import Folders, shipped_models
from graphexec.graph.build import build
from graphexec.graph.model import Graph
from graphexec.graph.remembered import LastGraph
from graphexec.registry.loading import Pack, load_registry
from graphexec.store.location import directory_of

if TYPE_CHECKING:
    from graphexec.execute.cancel import Cancel
    from graphexec.execute.events import Listener
    from graphexec.execute.result import Result
    from graphexec.plan.explanation import Explanation
    from graphexec.plan.fingerprints import Fingerprints
    from graphexec.plan.keys import Recipes
    from graphexec.plan.model import Plan
    from graphexec.ports import Policy
    from graphexec.report.settle import Wishes
    from graphexec.store.opening import Stores

PathLike: TypeAlias = "str | os.PathLike[str]"
Workflow: TypeAlias = "PathLike | Mapping[str, Any] | Document | Graph"
"""A file in any format (`-` is standard input), a dictionary, what `load` returned, or what `Session.build` did."""

MEMORY = 2**30
"""Bytes of results that a Session keeps in memory unless told otherwise."""
CACHE = 10 * 2**30
"""Bytes of results that the cache on disk keeps unless told otherwise."""


class Changes(TypedDict, total=False):
    """What is different from the file: inputs by `node.input`, parameters by name, every seed, targets `node:slot`."""

    set: Mapping[str, Any] | None
    params: Mapping[str, Any] | None
    seed: int | None
    targets: Iterable[str | Target] | None


def load(workflow: PathLike | Mapping[str, Any]) -> Document:
    """Read a workflow in any format. Raises InvalidWorkflow with all findings when the file has errors."""
    source = load_source(workflow)
    document, findings = read(source)
    if document is None or _has_errors(findings):
        raise InvalidWorkflow(locate(findings, source))
    return document


def check(
    workflow: Workflow,
    *,
    models: PathLike | Iterable[PathLike] | None = None,
    input: PathLike = "input",
    output: PathLike = "output",
    nodes: Iterable[Pack] = (),
    **changes: Unpack[Changes],
) -> list[Diagnostic]:
    """Return everything that is wrong with a workflow. Missing files are errors with `models`, else warnings."""
    session = Session(models, input, output, nodes)
    return session.build(workflow, files_required=models is not None, **changes)[1]


class Session:
    """Runs workflows one at a time; keeps loaded weights and recent results between runs.

    `models` is a directory in ComfyUI's layout, several, or an `extra_model_paths.yaml`; `nodes` are packs by path or
    entry point. `cache` is the directory that results are kept in: "auto" is the user's own, or what the variable
    GRAPHEXEC_CACHE says; None keeps nothing on disk. `memory` and `cache_size` are the bytes kept in memory and on
    disk; `cache_remote` is the URL of a cache that machines share. `threads` compute on the processor, one a core
    unless told otherwise. `model_memory` are the bytes for models and what they compute: the least recently used models
    give way, images that would need more whole are decoded and encoded in tiles, and batches sampled in slices, which
    is part of keys. `debug` finds nodes that change their inputs, at the cost of hashing them. `object_info` are files
    of schemas of nodes that are not installed, as ComfyUI's /object_info gives them: files that use such nodes are read
    and checked, and do not run. Several threads may share a Session. Raises UsageError for directories and files that
    do not exist.
    """

    def __init__(
        self,
        models: PathLike | Iterable[PathLike] | None = None,
        input: PathLike = "input",
        output: PathLike = "output",
        nodes: Iterable[Pack] = (),
        cache: PathLike | None = "auto",
        device: str = "auto",
        dtype: str = "auto",
        *,
        noise: str = "comfyui",
        threads: int | None = None,
        model_memory: int | None = None,
        memory: int = MEMORY,
        cache_size: int = CACHE,
        cache_remote: str | None = None,
        cache_remote_access: Literal["read-only", "read-write"] = "read-only",
        debug: bool = False,
        follow_links: bool = False,
        object_info: Iterable[PathLike] = (),
    ) -> None:
        packs, roots, schemas = tuple(nodes), _several(models), tuple(object_info)
        self.options: Mapping[str, Any] = MappingProxyType(
            {
                "models": roots,
                "input": input,
                "output": output,
                "nodes": packs,
                "cache": cache,
                "device": device,
                "dtype": dtype,
                "noise": noise,
                "threads": threads,
                "model_memory": model_memory,
                "memory": memory,
                "cache_size": cache_size,
                "cache_remote": cache_remote,
                "cache_remote_access": cache_remote_access,
                "debug": debug,
                "follow_links": follow_links,
                "object_info": schemas,
            }
        )
        """The arguments that open a Session like this one."""
        self.registry = load_registry(packs, schemas)
        self.files = Folders(
            roots,
            input=os.fspath(input),
            output=os.fspath(output),
            follow_links=follow_links,
            shipped=shipped_models(),
        )
        self.output = Path(output)
        self._last = LastGraph(self.files)
        self._numerics = device, dtype, noise, threads
        self._model_memory = model_memory
        self._debug = debug
        self.cache = directory_of(cache)
        """The directory that results are kept in, None when nothing outlives the process."""
        self._kept = memory, cache_size, cache_remote, cache_remote_access == "read-write"
        self._resources: dict[str, Any] = {}
        self._instances: dict[tuple[str, str], Any] = {}
        self._lock = RLock()

    @cached_property
    def _stores(self) -> Stores:
        """What is kept. Made at the first plan or run: a check needs none of it, and SQLite takes time to import."""
        from graphexec.store.opening import Keeping, open_stores

        return open_stores(Keeping(self.cache, *self._kept), self.registry.hooks)

    @cached_property
    def _fingerprints(self) -> Fingerprints:
        from graphexec.plan.fingerprints import Fingerprints

        return Fingerprints(memo=self._stores.disk)

    @cached_property
    def policy(self) -> Policy:
        """What device, dtype, noise and threads mean here. Raises UsageError for a device that this machine lacks."""
        return replace(self.registry.hooks.policy(*self._numerics), memory=self._model_memory)

    def build(
        self, workflow: Workflow, *, files_required: bool = True, notes: bool = True, **changes: Unpack[Changes]
    ) -> tuple[Graph | None, list[Diagnostic]]:
        """Return the checked graph, None when an error stops it, and all findings, warnings included.

        Without `notes` a workflow that can run gives warnings only: in a large one, places of notes take time to find.
        """
        graph, findings = self._build(workflow, files_required, changes, notes)
        return graph, findings()

    def _build(
        self, workflow: Workflow, files_required: bool, changes: Changes, notes: bool
    ) -> tuple[Graph | None, Callable[[], list[Diagnostic]]]:
        """Return the graph, and a function that finds where in the file the findings are: it parses once more."""
        packs = [*self.registry.diagnostics]
        if isinstance(workflow, Graph):
            if changes:
                raise UsageError("a graph is built already: give the changes to `build`")
            return None if _has_errors(packs) else workflow, lambda: packs
        if isinstance(workflow, Document):
            source, found = workflow.source, [*workflow.source.findings]
            document: Document | None = workflow
        else:
            source = load_source(workflow)
            document, found = read(source, self.registry)
        if document is None:
            return None, lambda: packs + locate(found, source)
        targets = changes.get("targets")
        document, more = overrides.apply(
            document,
            set=changes.get("set") or {},
            params=changes.get("params") or {},
            seed=changes.get("seed"),
            targets=targets or (),
        )
        with collector_paused():
            graph, findings = build(
                document,
                self.registry,
                targets=None if targets is None else document.targets,
                files=self.files,
                models_required=files_required,
                earlier=[*found, *more],
                notes=notes,
            )
        if graph is not None and not notes:
            findings = [finding for finding in findings if finding.severity is not Severity.NOTE]
        overridden = document.overridden
        return None if _has_errors(packs) else graph, lambda: packs + locate(findings, source, overridden)

    def check(self, workflow: Workflow, **changes: Unpack[Changes]) -> list[Diagnostic]:
        """Return everything that is wrong with a workflow, missing files included."""
        return self.build(workflow, **changes)[1]

    def plan(self, workflow: Workflow, **changes: Unpack[Changes]) -> Plan:
        """Return what `run` would do. Raises InvalidWorkflow."""
        graph = self._graph(workflow, changes)
        with self._lock:
            return self._plan(graph)[0]

    def explain(self, workflow: Workflow, **changes: Unpack[Changes]) -> tuple[Explanation, ...]:
        """Return for each node why `run` would reuse it or not. Raises InvalidWorkflow."""
        from graphexec.plan.explanation import explain
        from graphexec.store.past import Past

        graph = self._graph(workflow, changes)
        with self._lock:
            return explain(self._plan(graph)[0], Past(self._stores), self.registry.hooks.hint)

    def run(
        self,
        workflow: Workflow,
        *,
        listener: Listener | None = None,
        cancel: Cancel | None = None,
        deadline: float | None = None,
        name: str | None = None,
        previews: bool = False,
        output: PathLike | None = None,
        **changes: Unpack[Changes],
    ) -> Result:
        """Run a workflow and write its files.

        `listener` hears events; `cancel` stops the run from another thread or a signal handler, `deadline` after so
        many seconds. `name` replaces the filename prefixes; `previews` writes previews too; `output` is where files are
        written in place of the Session's directory. Raises InvalidWorkflow
        before anything runs, RunFailed when a node failed, Interrupted or DeadlineExceeded when the run was stopped;
        the last three have the partial `result`.
        """
        from graphexec.execute.cancel import Cancel
        from graphexec.report.settle import Wishes

        with collector_paused():
            graph = self._graph(workflow, changes)
        with self._lock, collector_paused():  # `execute` resumes it before nodes run
            wishes = Wishes(self.output if output is None else Path(output), name, previews)
            return self._run(graph, listener, cancel or Cancel(deadline), wishes)

    def _run(self, graph: Graph, listener: Listener | None, cancel: Cancel, wishes: Wishes) -> Result:
        from graphexec.execute.context import Surroundings
        from graphexec.execute.events import Event, one_at_a_time
        from graphexec.execute.hidden import HiddenSources
        from graphexec.execute.runner import execute
        from graphexec.report.entry import RunEntry, status_of
        from graphexec.report.provenance import Provenance
        from graphexec.report.run_json import Told, describe
        from graphexec.report.settle import settle

        started, clock = datetime.now(), perf_counter()
        plan, recipes = self._plan(graph)
        listener = one_at_a_time(listener) if listener is not None else None
        hidden = HiddenSources(recipes.world.prompt, recipes.world.workflow)
        around = Surroundings(
            self.registry.hooks,
            self.files,
            self.policy,
            hidden,
            cancel,
            listener,
            self._resources,
            self._instances,
            self._stores.blobs,
        )
        self._stores.tell(around.notice)
        if listener is not None:
            listener(Event("run_started", total=len(plan.steps), data={"policy": asdict(self.policy)}))
        with RunEntry(self._stores.journal, graph.document.source.name) as entry:
            store = entry.noting(self._stores.store)
            ending = execute(plan, around, recipes, store, self.registry.get, debug=self._debug)
            provenance = Provenance(graph, self.policy, recipes.contents)
            result, files = settle(ending.result, graph, recipes.world.prompt, wishes, listener, started, provenance)
            seconds, status = perf_counter() - clock, status_of(result, ending.stopped)
            told = Told(status, self.policy, started, seconds, recipes.contents, files, entry.number)
            describing = cache(partial(describe, graph, result, told))
            result = replace(result, _describe=describing)
            entry.conclude(graph, result, told)
            if (trouble := entry.trouble) and not any(node == "" for node, _ in around.warnings):
                around.notice(trouble)
        if listener is not None:
            listener(Event("run_finished", seconds=seconds, data={} if entry.number is None else {"run": entry.number}))
        if ending.stopped is not None:
            ending.stopped.result = result
            raise ending.stopped
        if result.failures:
            first = result.failures[0]
            raise RunFailed(f"node {first.node} ({first.node_type}) failed: {first.message}", result) from first.cause
        return result

    def _plan(self, graph: Graph) -> tuple[Plan, Recipes]:
        from graphexec.graph.prompt import api_prompt
        from graphexec.plan.keys import Recipes, World
        from graphexec.plan.planner import make_plan

        prompt: Callable[[], Mapping[str, Any]] = cache(partial(api_prompt, graph))
        formats = partial(self.registry.hooks.formats, self.policy, remembered=self._fingerprints.number)
        world = World(self.policy, self.files, self._fingerprints, prompt, lambda: graph.document.workflow, formats)
        recipes = Recipes(world)
        with collector_paused():
            return make_plan(graph, recipes, self._stores.store), recipes

    def content_digest(self, path: Path) -> str:
        """Return the BLAKE3 digest of a file, remembered while the file stays the same. Raises OSError."""
        return self._fingerprints.of(path)

    def _graph(self, workflow: Workflow, changes: Changes) -> Graph:
        as_it_is = all(value is None for value in changes.values())
        unchanged = workflow if as_it_is and isinstance(workflow, Document) else None
        if unchanged is not None and (known := self._last.of(unchanged)) is not None:
            return known
        graph, findings = self._build(workflow, True, changes, notes=False)
        if graph is None:
            raise InvalidWorkflow(findings())
        if unchanged is not None:
            self._last.keep(unchanged, graph)
        return graph

    def close(self) -> None:
        """Let go of weights, results and instances of pack classes. The Session can still be used."""
        with self._lock:
            self.registry.hooks.close(self._resources)
            self._instances.clear()
            self._last.clear()
            if "_stores" in self.__dict__:
                self._stores.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _several(models: PathLike | Iterable[PathLike] | None) -> list[str]:
    if models is None:
        return []
    if isinstance(models, (str, os.PathLike)):
        return [os.fspath(models)]
    return [os.fspath(path) for path in models]


def _has_errors(findings: Iterable[Diagnostic]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)
