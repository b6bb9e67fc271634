"""Workflows that a Python caller passes as a dict: checked, and written as JSON so that findings have a position."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Path
from graphexec.document.limits import MAX_DEPTH, MAX_PLAIN_VALUES
from graphexec.errors import InvalidWorkflow


def json_text(value: Mapping[str, Any], name: str) -> str:
    """Return JSON text of a dict, one line a node. The text is a copy: later changes to the dict do not matter.

    Raises InvalidWorkflow (GX104, GX106, GX108, GX111), with `name` as the file, for what JSON does not have: keys
    that are no text, values of other types (tuples count as lists), dicts that contain themselves.
    """
    _check(value, name)
    encode = json.JSONEncoder(separators=(", ", ": "), check_circular=False, default=dict).encode
    body = ",\n".join(f"  {encode(key)}: {encode(item)}" for key, item in value.items())
    return f"{{\n{body}\n}}\n" if body else "{}\n"


def _check(root: Mapping[str, Any], name: str) -> None:
    """Walk the collections without recursion and raise for the first thing that is not JSON."""
    stack: list[tuple[Path, Any]] = [((), root)]
    count = 0
    while stack:
        path, value = stack.pop()
        count += len(value)
        if count > MAX_PLAIN_VALUES:
            raise _refused(codes.TOO_LARGE, f"the workflow has more than {MAX_PLAIN_VALUES} values", path, name)
        if len(path) >= MAX_DEPTH:
            raise _refused(codes.TOO_DEEP, f"the value is more than {MAX_DEPTH} levels deep", path, name)
        mapping = isinstance(value, Mapping)
        for key, child in value.items() if mapping else enumerate(value):
            if mapping and not isinstance(key, str):
                message = f"the key {key!r:.80} is {type(key).__name__}, not text"
                raise _refused(codes.BAD_FIELD, message, path, name)
            if isinstance(child, (Mapping, list, tuple)):
                stack.append(((*path, key), child))
            elif child is not None and not isinstance(child, (str, bool, int, float)):
                message = f"a value of type {type(child).__name__} is not part of JSON"
                raise _refused(codes.BAD_FIELD, message, (*path, key), name)


def _refused(code: str, message: str, path: Path, name: str) -> InvalidWorkflow:
    shown = "/".join(map(str, path[:8])) + ("/..." if len(path) > 8 else "")
    found = codes.report(code, f"{message} (at {shown})" if path else message)
    return InvalidWorkflow([replace(found, file=name)])
