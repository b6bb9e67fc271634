"""Targets as people write them: `node`, or `node:slot` with an output's index or name."""

from __future__ import annotations

from collections.abc import Collection

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place
from graphexec.diagnostics.suggest import nearest
from graphexec.document.model import Target

_SHOWN = 10


def parse_target(text: str, nodes: Collection[str], place: Place | None = None) -> Target | Diagnostic:
    """Return the target that a text names among `nodes`, or a finding (GX209).

    Ids may hold colons (`57:41`): a text that is an id is that node; else what follows the last colon is the slot.
    """
    path = place.path if place else ()
    if text in nodes:
        return Target(text, None, path)
    node, colon, slot = text.rpartition(":")
    if colon and slot and node in nodes:
        return Target(node, int(slot) if _is_index(slot) else slot, path)
    return unknown_target(text, nodes, place)


def unknown_target(text: str, nodes: Collection[str], place: Place | None = None) -> Diagnostic:
    """Report a target that names no node."""
    message = f'the target "{text}" names no node of the file'
    word = text if nearest(text, nodes, limit=1) else text.rpartition(":")[0] or text
    return codes.report(codes.UNKNOWN_TARGET, message, place, hint=node_hint(word, nodes))


def node_hint(word: str, nodes: Collection[str]) -> str:
    """Return a hint with the ids most like a word, or else some of all ids."""
    if meant := nearest(word, nodes):
        return "did you mean " + " or ".join(f'"{m}"' for m in meant) + "?"
    shown = ", ".join(f'"{node}"' for node, _ in zip(nodes, range(_SHOWN)))
    return f"the nodes are {shown}" + (f" and {len(nodes) - _SHOWN} more" if len(nodes) > _SHOWN else "")


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
