"""`@graphexec.node`: an annotated function as a node type."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar
from functools import cached_property, update_wrapper
from pathlib import Path
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, overload

from graphexec.errors import NodeError
from graphexec.hashing import digest, digest_bytes
from graphexec.ports import Context, Outcome
from graphexec.registry.notation import Malformed
from graphexec.registry.signatures import read_signature
from graphexec.registry.spec import NodeSpec

P = ParamSpec("P")
R = TypeVar("R")


class Recorder(Protocol):
    """Something that makes a node of a call: a workflow under construction."""

    def record(self, function: NodeFunction[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Add a node and return its outputs as the function would return values."""


RECORDER: ContextVar[Recorder | None] = ContextVar("graphexec_recorder", default=None)
"""What calls of node functions go to, in place of the functions themselves."""


class NodeFunction(Generic[P, R]):
    """A function that is a node type. Inside `with Workflow()` calling it adds a node, elsewhere it is the function."""

    def __init__(
        self, function: Callable[P, R], type: str | None, category: str, version: str | None, threaded: bool = False
    ) -> None:
        self.function = function
        self.type = type or function.__name__
        self.category = category
        self.version = version
        self.threaded = threaded
        update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        recorder = RECORDER.get()
        if recorder is None:
            return self.function(*args, **kwargs)
        made: R = recorder.record(self, args, kwargs)
        return made

    @cached_property
    def spec(self) -> NodeSpec:
        """The node type. Raises Malformed for annotations that say no socket types, and where no source can be read."""
        inputs, outputs, context = read_signature(self.function)
        return NodeSpec(
            type=self.type,
            inputs=inputs,
            outputs=outputs,
            function=_Call(self.function, context, len(outputs)),
            provider=self.function.__module__,
            version=self.version or self._source_digest(),
            output_node=not outputs,
            always_runs=not outputs,
            threaded=self.threaded and not inspect.iscoroutinefunction(self.function),
            from_pack=True,
            display_name=self.type,
            category=self.category,
            description=inspect.getdoc(self.function) or "",
        )

    def _source_digest(self) -> str:
        """Return the digest of the file that defines the function, or of its own source where there is no file."""
        file = Path(self.function.__code__.co_filename)
        if file.is_file():
            return digest_bytes(file.read_bytes())
        try:
            return digest("source", inspect.getsource(self.function))
        except (OSError, TypeError) as error:
            raise Malformed(f"{self.type} has no source that can be read: give @graphexec.node a version") from error


@overload
def node(function: Callable[P, R], /) -> NodeFunction[P, R]: ...
@overload
def node(
    *, name: str | None = None, category: str = "custom", version: str | None = None, threaded: bool = False
) -> Callable[[Callable[P, R]], NodeFunction[P, R]]: ...


def node(
    function: Callable[..., Any] | None = None, /, *, name: str | None = None, category: str = "custom",
    version: str | None = None, threaded: bool = False,
) -> Any:  # fmt: skip
    """Make a node type of an annotated function; `name` is its type, that of the function by default.

    Parameters are inputs: int, float, str, bool, Literal, the types of `graphexec.types`, any class with `Socket`, or
    Any. One that allows None is optional. The return annotation gives the outputs: one, a tuple, a NamedTuple, or None
    for an output node, which runs on every run. `list[...]` hands its items on one by one. A parameter annotated with
    `Context` gets the run's context. `version` enters the cache key, in place of a digest of the source file.
    A `threaded` node may run in a thread beside others (docs/custom-nodes.md says what it must not do then).
    """

    def made(function: Callable[..., Any]) -> NodeFunction[..., Any]:
        return NodeFunction(function, name, category, version, threaded)

    return made if function is None else made(function)


class _Call:
    """Calls the function as the engine calls nodes, and checks what it returns."""

    __slots__ = ("_context", "_function", "_outputs")

    def __init__(self, function: Callable[..., Any], context: str | None, outputs: int) -> None:
        self._function = function
        self._context = context
        self._outputs = outputs

    def __call__(self, context: Context, /, **inputs: Any) -> Any:
        if self._context is not None:
            inputs[self._context] = context
        token = RECORDER.set(None)  # the body may call other node functions
        try:
            result = self._function(**inputs)
        finally:
            RECORDER.reset(token)
        return self._awaited(result) if inspect.isawaitable(result) else self._values(result)

    async def _awaited(self, result: Any) -> Any:
        return self._values(await result)

    def _values(self, result: Any) -> tuple[Any, ...] | Outcome:
        if isinstance(result, Outcome):
            return result
        if self._outputs == 0:
            return ()
        if self._outputs == 1:
            return (result,)
        if not isinstance(result, tuple) or len(result) != self._outputs:
            raise NodeError(f"it returned {type(result).__name__} instead of a tuple of {self._outputs} values")
        return tuple(result)
