"""What the command line changes about a workflow: inputs, parameters, seeds, targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from graphexec.document.command_line import param_option, set_option
from graphexec.errors import UsageError

if TYPE_CHECKING:
    from graphexec.api import Changes


def changes_of(
    set: Sequence[str] | None, param: Sequence[str] | None, seed: int | None, target: Sequence[str] | None
) -> Changes:
    """Return the options as arguments of `Session.build`; what was not given is not in it. Raises UsageError."""
    changes: Changes = {}
    if set:
        changes["set"] = _assignments("--set", set, set_option)
    if param:
        changes["params"] = _assignments("--param", param, param_option)
    if seed is not None:
        changes["seed"] = seed
    if target:
        changes["targets"] = list(target)
    return changes


def _assignments(option: str, texts: Sequence[str], split: Callable[[str], tuple[str, Any]]) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for text in texts:
        try:
            name, value = split(text)
        except UsageError as error:
            raise UsageError(f"{option}: {error}") from None
        if name in pairs:
            raise UsageError(f"{option}: {name!r} is given twice")
        pairs[name] = value
    return pairs
