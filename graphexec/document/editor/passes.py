"""The concepts of the editor, each resolved by one pass, in the order in which they apply."""

from __future__ import annotations

from collections.abc import Callable

from graphexec.document.editor.aliases import dissolve_aliases
from graphexec.document.editor.bypass import resolve_bypasses
from graphexec.document.editor.decorations import drop_mode_switches, drop_notes
from graphexec.document.editor.everywhere import connect_broadcasts
from graphexec.document.editor.group_nodes import expand_groups
from graphexec.document.editor.interface import apply_schemas
from graphexec.document.editor.model import EditorGraph
from graphexec.document.editor.mute import drop_muted
from graphexec.document.editor.naming import name_widgets, settle_values
from graphexec.document.editor.own_fields import restore_names
from graphexec.document.editor.primitives import insert_primitives
from graphexec.document.editor.renames import rename_types
from graphexec.document.editor.reroutes import mark_reroutes
from graphexec.document.editor.schemas import Interfaces
from graphexec.document.editor.subgraphs import expand_subgraphs
from graphexec.document.editor.texts import process_texts
from graphexec.document.editor.tunnels import connect_tunnels, mark_latent_tunnels

Pass = Callable[[EditorGraph, Interfaces], EditorGraph]

PASSES: tuple[Pass, ...] = (
    rename_types,
    restore_names,
    # nodes that stand for several: what follows sees one flat graph with ids such as 57:41
    expand_subgraphs,
    expand_groups,
    # nodes that stand for none
    drop_notes,
    drop_mode_switches,
    # connections without a line, then lines with bends in them
    connect_broadcasts,
    connect_tunnels,
    mark_latent_tunnels,
    mark_reroutes,
    dissolve_aliases,
    # values that come along lines, and widgets by name
    apply_schemas,
    insert_primitives,
    name_widgets,
    # nodes that are switched off, bypassed ones first: they may hand on what a muted node would have made
    resolve_bypasses,
    settle_values,
    process_texts,
    drop_muted,
)


def resolve(graph: EditorGraph, schemas: Interfaces) -> EditorGraph:
    """Return the graph without anything that only the editor knows."""
    for step in PASSES:
        graph = step(graph, schemas)
    return graph
