"""The shapes of workflow files: which one a value has, and where in it the nodes are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Path, Place
from graphexec.document.editor import is_editor
from graphexec.document.values import kind_of

_FORMS = (
    "graphexec reads files of the editor, API-format files ('Export (API)' in the editor), bodies of POST /prompt, "
    "history entries, and its own YAML form (graphexec: 1)"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """Where the nodes are: `value` is the map of an API file, or the root of what the editor saved or of a file in
    graphexec's own form.

    `workflow` is what the editor saved along; `targets` are ids to compute, with `targets_path` their place.
    """

    form: Literal["api", "named", "editor"]
    value: dict[str, Any]
    path: Path = ()
    workflow: Any = None
    targets: Any = None
    targets_path: Path = ()


def recognise(root: Any) -> Shape | Diagnostic:
    """Return the shape of the value of a file, or why it has none."""
    if not isinstance(root, dict):
        what = "the file is empty" if root is None else f"the file holds {kind_of(root)}, not a mapping"
        return _no_workflow(what, (), _FORMS)
    if _is_editor(root):
        return _editor(root, ())
    if _is_named(root):
        return Shape("named", root)
    if _is_editor(root.get("workflow")):
        return _editor(root["workflow"], ("workflow",))
    if (entry := _wrapped(root, ())) is not None:
        return entry
    history = [(key, value) for key, value in root.items() if isinstance(value, dict) and _is_entry(value)]
    if history and len(history) == len(root):
        if len(history) > 1:
            hint = "save one of its entries as a file of its own"
            return _no_workflow(f"the history holds {len(history)} prompts", (), hint)
        key, value = history[0]
        return _wrapped(value, (key,)) or _no_workflow("the history entry holds no prompt", (key,), None)
    if any(_looks_like_node(value) for value in root.values()):
        return Shape("api", root)
    return _unknown(root)


def _wrapped(root: dict[str, Any], path: Path) -> Shape | Diagnostic | None:
    """Look for a prompt one level down: a request body, a serverless request, or a history entry."""
    prompt, request = root.get("prompt"), root.get("input")
    if _is_entry(root):
        return _api(root["prompt"][2], (*path, "prompt", 2), _saved(root["prompt"][3:4]))
    if isinstance(prompt, dict) and not _looks_like_node(prompt):
        targets = root.get("partial_execution_targets")
        saved = _saved([root.get("extra_data")])
        return _api(prompt, (*path, "prompt"), saved, targets, (*path, "partial_execution_targets"))
    if isinstance(request, dict) and "workflow" in request and not _looks_like_node(request):
        return _api(request["workflow"], (*path, "input", "workflow"))
    return None


def _api(prompt: Any, path: Path, workflow: Any = None, targets: Any = None, at: Path = ()) -> Shape | Diagnostic:
    """Return the shape of what should be the map of an API file."""
    if _is_editor(prompt):
        return _editor(prompt, path)
    if not isinstance(prompt, dict):
        return _no_workflow(f"the prompt is {kind_of(prompt)}, not a mapping of nodes", path, _FORMS)
    if not prompt:
        return _no_workflow("the prompt has no nodes", path, None)
    return Shape("api", prompt, path, workflow, targets, at)


def _saved(extra_data: list[Any]) -> Any:
    """Return what the editor saved: extra_data.extra_pnginfo.workflow, where there is one."""
    value = extra_data[0] if extra_data else None
    for key in ("extra_pnginfo", "workflow"):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _is_editor(value: Any) -> bool:
    """Whether this is what the editor saves: a list of nodes, at the top or in the definition of a subgraph."""
    if not isinstance(value, dict):
        return False
    definitions = value.get("definitions")
    return is_editor(value) or (isinstance(definitions, dict) and "subgraphs" in definitions)


def _is_named(root: dict[str, Any]) -> bool:
    """Whether this is graphexec's own form, rather than an API file with a node of that name."""
    marks = [root[key] for key in ("graphexec", "nodes") if key in root]
    return bool(marks) and not any(isinstance(mark, dict) and "class_type" in mark for mark in marks)


def _is_entry(value: dict[str, Any]) -> bool:
    """Whether this is an entry of the history: its prompt is [number, id, nodes, extra data, outputs]."""
    prompt = value.get("prompt")
    return isinstance(prompt, list) and len(prompt) >= 3 and isinstance(prompt[2], dict)


def _looks_like_node(value: Any) -> bool:
    return isinstance(value, dict) and ("class_type" in value or isinstance(value.get("inputs"), dict))


def _unknown(root: dict[str, Any]) -> Diagnostic:
    if not root:
        return _no_workflow("the file has no nodes", (), _FORMS)
    if isinstance(root.get("templates"), list):
        return _no_workflow("this is a file of node templates, not a workflow", (), _FORMS)
    keys = ", ".join(f'"{key[:40]}"' for key in _first(root, 5)) + (", ..." if len(root) > 5 else "")
    return _no_workflow(f"no value of the file is a node; its keys are {keys}", (), _FORMS)


def _first(root: dict[str, Any], count: int) -> Iterator[str]:
    return (key for key, _ in zip(root, range(count)))


def _no_workflow(message: str, path: Path, hint: str | None) -> Diagnostic:
    return codes.report(codes.NOT_A_WORKFLOW, message, Place(path), hint=hint)


def _editor(value: dict[str, Any], path: Path) -> Shape | Diagnostic:
    if is_editor(value):
        return Shape("editor", value, path)
    message = "this looks like a file of the editor, but it has no list of nodes"
    return codes.report(codes.EDITOR_FORMAT, message, Place(path), hint="save the workflow again in the editor")
