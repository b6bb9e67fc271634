"""ComfyUI-style node classes, read into specs: what a class declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from graphexec.registry.classcalls import ClassCall, Fingerprint, LazyStatus, Validation
from graphexec.registry.notation import Malformed, read_hidden, read_inputs, read_outputs
from graphexec.registry.spec import NodeSpec

ID_MARKERS = frozenset({"UNIQUE_ID", "DYNPROMPT"})


def read_class(type: str, cls: Any, *, provider: str, version: str, display_name: str | None = None) -> NodeSpec:
    """Return the spec of a class with INPUT_TYPES, RETURN_TYPES and FUNCTION. Raises Malformed."""
    declared = _input_types(cls)
    types = _return_types(cls)
    hidden = read_hidden(declared)
    validation = _validation(cls)
    outputs = read_outputs(types, _sequence(cls, "RETURN_NAMES"), _sequence(cls, "OUTPUT_IS_LIST"))
    output_node = bool(getattr(cls, "OUTPUT_NODE", False))
    as_list = bool(getattr(cls, "INPUT_IS_LIST", False))
    fingerprint = _class_method(cls, "IS_CHANGED")
    lazy = _has_sync(cls, "check_lazy_status")
    unchecked = validation.covers(declared) if validation else ()
    return NodeSpec(
        type=type,
        inputs=read_inputs(declared, unchecked),
        outputs=outputs,
        function=ClassCall(type, cls, _function_name(cls), len(outputs)),
        provider=provider,
        version=version,
        hidden=hidden,
        output_node=output_node,
        input_is_list=as_list,
        always_runs=output_node,
        id_in_key=bool(getattr(cls, "NOT_IDEMPOTENT", False)) or any(m in ID_MARKERS for _, m in hidden),
        validate=validation,
        validates_links=validation is not None and validation.wants_types,
        fingerprint=Fingerprint(fingerprint, as_list) if fingerprint else None,
        threaded=bool(getattr(cls, "GRAPHEXEC_THREADED", False)) and not _is_async(cls, _function_name(cls)),
        lazy_status=LazyStatus(type, cls) if lazy else None,
        from_pack=True,
        display_name=display_name or type,
        category=str(getattr(cls, "CATEGORY", "")),
        description=str(getattr(cls, "DESCRIPTION", "")),
        deprecated=bool(getattr(cls, "DEPRECATED", False)),
        experimental=bool(getattr(cls, "EXPERIMENTAL", False)),
    )


def _input_types(cls: Any) -> Any:
    declare = getattr(cls, "INPUT_TYPES", None)
    if not callable(declare):
        raise Malformed("it has no class method INPUT_TYPES")
    try:
        return declare()
    except Exception as error:
        raise Malformed(f"INPUT_TYPES() raised {error.__class__.__name__}: {error}") from error


def _return_types(cls: Any) -> list[Any]:
    types = getattr(cls, "RETURN_TYPES", None)
    if isinstance(types, str):
        raise Malformed(f"RETURN_TYPES is the text {types!r}: a tuple of one needs a comma, ({types!r},)")
    if not isinstance(types, (tuple, list)):
        raise Malformed("it has no tuple RETURN_TYPES")
    return list(types)


def _function_name(cls: Any) -> str:
    name = getattr(cls, "FUNCTION", None)
    if not isinstance(name, str):
        raise Malformed("it has no FUNCTION, the name of the method to call")
    if not callable(getattr(cls, name, None)):
        raise Malformed(f"FUNCTION names {name!r}, which is no method of it")
    return name


def _sequence(cls: Any, name: str) -> list[Any]:
    value = getattr(cls, name, None)
    if value is None:
        return []
    return list(value) if isinstance(value, (tuple, list)) else [value]


def _validation(cls: Any) -> Validation | None:
    function = _class_method(cls, "VALIDATE_INPUTS")
    if function is None:
        return None
    parameters = inspect.signature(function).parameters.values()
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters)
    names = frozenset(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
    return Validation(function, names - {"input_types"}, open_ended, "input_types" in names)


def _class_method(cls: Any, name: str) -> Callable[..., Any] | None:
    return getattr(cls, name) if _has_sync(cls, name) else None


def _is_async(cls: Any, name: str) -> bool:
    return inspect.iscoroutinefunction(getattr(cls, name))


def _has_sync(cls: Any, name: str) -> bool:
    function = getattr(cls, name, None)
    if function is None:
        return False
    if not callable(function):
        raise Malformed(f"{name} is no method")
    if inspect.iscoroutinefunction(function):
        raise Malformed(f"{name} is asynchronous; only the method that FUNCTION names may be")
    return True
