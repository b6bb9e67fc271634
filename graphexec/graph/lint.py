"""Advice on sampler chains: warnings for workflows that run but cannot mean what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphexec.diagnostics import codes
from graphexec.diagnostics.model import Diagnostic, Place, Related
from graphexec.document.model import NodeDecl
from graphexec.graph.handover import CONTINUATION, Advice, review
from graphexec.graph.latent_flow import LATENT_NODES, LatentState, incoming, passed_on, sampled
from graphexec.graph.model import GraphNode
from graphexec.graph.naming import input_place
from graphexec.graph.scope import Scope
from graphexec.graph.stages import SAMPLERS, Stage

DECODERS = frozenset({"VAEDecode", "VAEDecodeTiled"})
SUBJECTS = SAMPLERS | LATENT_NODES | DECODERS
"""The types that anything is said of."""
CELL = 8
"""Pixels per latent cell, each way."""


def lint(scope: Scope, nodes: Iterable[GraphNode]) -> list[Diagnostic]:
    """Return what is odd about the sampling stages of a workflow, and sizes that latents cannot have.

    `nodes` come in execution order. Some may be missing (they have errors of their own): nothing is known about
    the latents that they make.
    """
    states: dict[tuple[str, int], LatentState] = {}
    found: list[Diagnostic] = []
    if SUBJECTS.isdisjoint(interface.spec.type for interface in scope.interfaces.values()):
        return found
    for node in nodes:
        type = node.spec.type
        if type in SAMPLERS:
            stage = Stage.of(node)
            before = incoming(node, "latent_image", states)
            found += (_advice(scope, advice) for advice in review(stage, before))
            states[node.id, 0] = sampled(stage, before)
        elif type in LATENT_NODES:
            states[node.id, 0] = passed_on(node, states)
            found += _odd_sizes(scope, node)
        elif type in DECODERS:
            found += _leftover(scope, node, incoming(node, "samples", states))
    return found


def _advice(scope: Scope, advice: Advice) -> Diagnostic:
    decl = scope.document.nodes[advice.stage.id]
    related: tuple[Related, ...] = ()
    if advice.other is not None:
        stage, input = advice.other
        other = scope.document.nodes[stage.id]
        if input in other.inputs or input == CONTINUATION:
            related = (Related(f"{scope.label(other.id)}: {input}", _place(other, input)),)
    return codes.report(
        advice.code,
        f"{scope.label(decl.id)} {advice.message}",
        _place(decl, advice.input),
        hint=advice.hint,
        node=decl.id,
        input=None if advice.input == CONTINUATION else advice.input,
        related=related,
    )


def _place(decl: NodeDecl, input: str) -> Place:
    return Place(decl.setting_path(CONTINUATION)) if input == CONTINUATION else input_place(decl, input)


def _odd_sizes(scope: Scope, node: GraphNode) -> Iterator[Diagnostic]:
    for spec in node.spec.inputs:
        value = node.params.get(spec.name)
        if type(value) is int and value % CELL and spec.options.get("step") in (CELL, 2 * CELL):
            decl = scope.document.nodes[node.id]
            yield codes.report(
                codes.ODD_SIZE,
                f"{scope.label(decl.id)}: {spec.name} is {value}, which is not a multiple of {CELL}; "
                f"the latent gets {value // CELL * CELL}",
                input_place(decl, spec.name),
                hint=f"write {value // CELL * CELL} or {(value // CELL + 1) * CELL}",
                node=node.id,
                input=spec.name,
            )


def _leftover(scope: Scope, node: GraphNode, latent: LatentState) -> Iterator[Diagnostic]:
    if latent.kind != "noisy" or latent.stage is None:
        return
    decl = scope.document.nodes[node.id]
    sampler = scope.document.nodes[latent.stage.id]
    yield codes.report(
        codes.LEFTOVER_DECODED,
        f"{scope.label(decl.id)} decodes a latent that still holds the noise of {scope.label(sampler.id)}, "
        f"which ends at step {latent.stage.last} of {latent.stage.length}",
        input_place(decl, "samples"),
        hint="disable return_with_leftover_noise there, or sample the remaining steps first",
        node=decl.id,
        input="samples",
        related=(
            Related(f"{scope.label(sampler.id)}: leftover noise", input_place(sampler, "return_with_leftover_noise")),
        ),
    )
