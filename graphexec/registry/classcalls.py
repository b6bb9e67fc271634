"""Calls into ComfyUI-style node classes: their conventions on the way in and out, turned into the engine's."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphexec.errors import NodeError
from graphexec.ports import Blocked, Context, Outcome

COMFYUI_MODULES = frozenset({
    "comfy", "comfy_api", "comfy_api_nodes", "comfy_config", "comfy_execution", "comfy_extras", "comfyui_version",
    "execution", "folder_paths", "latent_preview", "node_helpers", "nodes", "server",
})  # fmt: skip
"""Top-level modules of ComfyUI's own source tree."""

RESULT_KEYS = frozenset({"ui", "result", "expand"})


def comfyui_module(error: BaseException) -> str | None:
    """Return the name of the ComfyUI module whose absence raised `error`, or None for any other error."""
    name = error.name if isinstance(error, ImportError) else None
    return name if name and name.partition(".")[0] in COMFYUI_MODULES else None


@dataclass(frozen=True, slots=True)
class ClassCall:
    """Calls the method of an instance that lives as long as the Session, one for each node id."""

    type: str
    cls: Any
    method: str
    outputs: int

    def __call__(self, context: Context, /, **inputs: Any) -> Any:
        """Return a tuple of values, an Outcome, or an awaitable of either. Raises NodeError for other results."""
        method = getattr(_instance(context, self.type, self.cls), self.method)
        try:
            result = method(**inputs)
        except ImportError as error:
            _explain(error)
            raise
        if type(result) is not tuple and inspect.isawaitable(result):
            return self._awaited(result)
        return self._normalised(result)

    async def _awaited(self, result: Awaitable[Any]) -> Any:
        try:
            return self._normalised(await result)
        except ImportError as error:
            _explain(error)
            raise

    def _normalised(self, result: Any) -> tuple[Any, ...] | Outcome:
        if isinstance(result, (tuple, list)):
            return self._values(result)
        if isinstance(result, Mapping) and result and RESULT_KEYS.issuperset(result):
            return self._outcome(result)
        if result is None and self.outputs == 0:
            return ()
        if _is_blocker(result):
            return (_blocked(result),) * self.outputs
        hint = ": a tuple of one needs a comma" if self.outputs == 1 and result is not None else ""
        raise NodeError(f"{self.method}() returned {_kind(result)} instead of a tuple of {self.outputs} values{hint}")

    def _values(self, result: Any) -> tuple[Any, ...]:
        if len(result) < self.outputs:
            raise NodeError(f"{self.method}() returned {len(result)} values for {self.outputs} outputs")
        values = tuple(result[: self.outputs])
        return tuple([_blocked(v) if _is_blocker(v) else v for v in values])

    def _outcome(self, result: Mapping[str, Any]) -> Outcome:
        ui, expand, values = result.get("ui"), result.get("expand"), result.get("result")
        if ui is not None and not isinstance(ui, Mapping):
            raise NodeError(f"{self.method}() returned {_kind(ui)} under 'ui' instead of a mapping of lists")
        if expand is not None and not isinstance(expand, Mapping):
            raise NodeError(f"{self.method}() returned {_kind(expand)} under 'expand' instead of a graph")
        if values is None:
            return Outcome(ui=ui or {}, expand=expand)
        normalised = self._normalised(values)
        if isinstance(normalised, Outcome):
            raise NodeError(f"{self.method}() returned a mapping under 'result' instead of a tuple")
        return Outcome(values=normalised, ui=ui or {}, expand=expand)


@dataclass(frozen=True, slots=True)
class LazyStatus:
    """check_lazy_status: asks an instance which of its inputs it needs."""

    type: str
    cls: Any

    def __call__(self, context: Context, /, **inputs: Any) -> list[str]:
        """Return the names of inputs still needed; anything but a list of names counts as none."""
        needed = _instance(context, self.type, self.cls).check_lazy_status(**inputs)
        return [name for name in needed if isinstance(name, str)] if isinstance(needed, (list, tuple, set)) else []


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """IS_CHANGED: what the outside world contributes to a node's result."""

    function: Callable[..., Any]
    as_list: bool

    def __call__(self, inputs: Mapping[str, Any]) -> Any:
        """Return whatever the class returns; errors pass through."""
        result = self.function(**{name: [value] if self.as_list else value for name, value in inputs.items()})
        return None if _is_blocker(result) else result


@dataclass(frozen=True, slots=True)
class Validation:
    """VALIDATE_INPUTS: the class's own judgement of its inputs, of which it sees those it names."""

    function: Callable[..., Any]
    names: frozenset[str]
    open_ended: bool
    wants_types: bool

    def covers(self, declared: Any) -> Iterable[str]:
        """Return the inputs whose ranges and choices the class judges itself."""
        if not self.open_ended or not isinstance(declared, Mapping):
            return self.names
        return [name for group in ("required", "optional") for name in declared.get(group) or ()]

    def __call__(self, literals: Mapping[str, Any], received_types: Mapping[str, str]) -> bool | str:
        """Return True, or the text of what is wrong. Linked inputs are passed as None."""
        given = {**dict.fromkeys(received_types), **literals}
        if not self.open_ended:
            given = {name: value for name, value in given.items() if name in self.names}
        if self.wants_types:
            given["input_types"] = dict(received_types)
        try:
            verdict = self.function(**given)
        except Exception as error:
            return f"VALIDATE_INPUTS raised {error.__class__.__name__}: {error}"
        if verdict is True:
            return True
        return verdict if isinstance(verdict, str) and verdict else "VALIDATE_INPUTS gave no reason"


def _instance(context: Context, type: str, cls: Any) -> Any:
    key = (context.node_id, type)
    instance = context.instances.get(key)
    if instance is None:
        instance = context.instances[key] = cls()
    return instance


def _explain(error: ImportError) -> None:
    module = comfyui_module(error)
    if module is not None:
        raise NodeError(f"needs ComfyUI's module {module!r}, which graphexec does not contain") from error


def _is_blocker(value: Any) -> bool:
    """Recognise ComfyUI's class, and copies of it that packs carry along, by name."""
    return value.__class__.__name__ == "ExecutionBlocker" or isinstance(value, Blocked)


def _blocked(value: Any) -> Blocked:
    message = getattr(value, "message", None)
    return Blocked(None if message is None else str(message))


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a value of type {value.__class__.__name__}"
