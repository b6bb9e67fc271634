"""What can go wrong between one sampling stage and the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graphexec.diagnostics import codes
from graphexec.graph.latent_flow import LatentState
from graphexec.graph.stages import Stage

CONTINUATION = "continuation"
"""Stands for the setting where an advice names an input."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A finding about `stage`: at its input `input`, with `other` (stage, input) as the place that explains it."""

    code: str
    stage: Stage
    input: str
    message: str
    hint: str | None = None
    other: tuple[Stage, str] | None = None


def review(stage: Stage, before: LatentState) -> Iterator[Advice]:
    """Yield what is odd about a stage that gets a latent of the state `before`.

    Silent wherever a value that matters is not known. A stage that adds noise to a clean latent (image to image,
    a second pass) is as it should be.
    """
    previous = before.stage
    yield from _exactness(stage, previous if before.kind == "noisy" else None)
    if stage.is_idle:
        yield _idle(stage, previous)
    elif before.kind == "noisy" and previous is not None and stage.adds_noise:
        here = "sample on with KSamplerAdvanced" if stage.simple else "disable add_noise here"
        yield Advice(
            codes.NOISE_ON_NOISE, stage, "latent_image",
            f"adds noise to a latent that still holds the noise of node {previous.id}",
            f"{here}, or disable return_with_leftover_noise there",
            (previous, "return_with_leftover_noise"),
        )  # fmt: skip
    elif stage.adds_noise is False and stage.is_idle is False:
        if before.kind == "empty":
            yield Advice(
                codes.NO_NOISE, stage, "add_noise", "samples an empty latent without adding noise",
                "enable add_noise on the first stage",
            )  # fmt: skip
        elif previous is not None and before.kind in ("noisy", "clean"):
            yield from _continuation(previous, stage, before.kind == "noisy")


def _exactness(stage: Stage, previous: Stage | None) -> Iterator[Advice]:
    """Say where `continuation: exact` has no effect; `previous` is the stage that left its noise for this one."""
    if stage.exact and stage.adds_noise and stage.hands_over is False:
        yield Advice(
            codes.NOTHING_CONTINUED, stage, CONTINUATION,
            "adds noise of its own and leaves none, so it neither continues a stage exactly nor is continued",
            "use KSamplerAdvanced stages" if stage.simple
            else "disable add_noise to continue another stage, or leave noise for the next one",
        )  # fmt: skip
    elif previous is not None and stage.adds_noise is False and stage.exact != previous.exact:
        one, other = (previous, stage) if stage.exact else (stage, previous)
        yield Advice(
            codes.NOTHING_CONTINUED, stage, CONTINUATION if stage.exact else "latent_image",
            f"continues node {previous.id}, and only node {other.id} has continuation: exact",
            f"set it in node {one.id} too, or in neither",
            None if stage.exact else (other, CONTINUATION),
        )  # fmt: skip


def _idle(stage: Stage, previous: Stage | None) -> Advice:
    if previous is not None and _hands_over_past_end(previous, stage):
        return Advice(
            codes.HANDOVER_PAST_END, previous, "end_at_step",
            f"hands over to node {stage.id} at step {previous.end}, but has only {previous.length} steps: "
            "it finishes the picture itself, and the next stage has nothing left to do",
            f"hand over before step {previous.length}",
            (stage, "start_at_step"),
        )  # fmt: skip
    if stage.simple:
        message = "has denoise 0 and takes no step: the latent passes unchanged"
        return Advice(codes.NOTHING_SAMPLED, stage, "denoise", message)
    return Advice(
        codes.NOTHING_SAMPLED, stage, "start_at_step",
        f"starts at step {stage.start} and ends at step {stage.last}: the latent passes unchanged",
    )  # fmt: skip


def _hands_over_past_end(previous: Stage, stage: Stage) -> bool:
    return (
        previous.end is not None
        and previous.length is not None
        and previous.end > previous.length
        and stage.start == previous.end
        and stage.adds_noise is False
    )


def _continuation(previous: Stage, stage: Stage, noisy: bool) -> Iterator[Advice]:
    """Compare a stage that adds no noise with the one before it."""
    if noisy:
        for name in ("steps", "scheduler"):
            mine, other = getattr(stage, name), getattr(previous, name)
            if mine is not None and other is not None and mine != other:
                yield Advice(
                    codes.STAGES_DIFFER, stage, name,
                    f"continues the latent of node {previous.id} with {name} {mine} instead of {other}, "
                    "so the same step number is another noise level",
                    f"use {name} {other} in both",
                    (previous, name),
                )  # fmt: skip
    comparable = (stage.steps, stage.scheduler) == (previous.steps, previous.scheduler)
    if not comparable or stage.start is None or previous.last is None or stage.steps is None:
        return
    ended = (previous, "end_at_step")
    if not noisy and not previous.is_complete and stage.start == previous.last:
        yield Advice(
            codes.NO_NOISE, stage, "start_at_step",
            f"continues at step {stage.start} without noise, but node {previous.id} has removed all of it",
            "enable return_with_leftover_noise there",
            (previous, "return_with_leftover_noise"),
        )  # fmt: skip
    elif noisy and stage.start > previous.last:
        yield Advice(
            codes.STAGE_GAP, stage, "start_at_step",
            f"starts at step {stage.start}, but node {previous.id} ends at step {previous.last}: "
            f"{_steps(stage.start - previous.last)} left out, whose noise stays in the picture",
            f"start at step {previous.last}", ended,
        )  # fmt: skip
    elif stage.start < previous.last:
        yield Advice(
            codes.STAGE_OVERLAP, stage, "start_at_step",
            f"starts at step {stage.start}, but node {previous.id} ends at step {previous.last}: "
            f"{_steps(previous.last - stage.start)} taken twice",
            f"start at step {previous.last}" if not previous.is_complete else "enable add_noise to sample it anew",
            ended,
        )  # fmt: skip


def _steps(count: int) -> str:
    return "1 step is" if count == 1 else f"{count} steps are"
