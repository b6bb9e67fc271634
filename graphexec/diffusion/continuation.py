"""What a latent carries from one sampling stage to the next, so that stages equal one run bit for bit.

A stage with `continuation: exact` samples over the levels of the whole run, stops at its last step, and puts the
sampler's state beside `samples`, with the run's start and a digest of all else the latent holds. A next one that adds
no noise goes on from there, if the latent is still what it was and the settings are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graphexec.diffusion import codecs
from graphexec.diffusion.checkpoint_files import content, restored
from graphexec.diffusion.drive import Checkpoint
from graphexec.diffusion.latents import Latent
from graphexec.diffusion.names import LOOKS_AHEAD, OWN_LEVELS
from graphexec.diffusion.runs import Run, RunContext, Samples, run
from graphexec.errors import NodeError

KEY = "graphexec.continuation"
VERSION = 1


class Differs(Exception):
    """Raised when a stage cannot go on exactly; the message says why."""


def released(latent: Latent) -> Latent:
    """The latent without what it carries."""
    return {name: value for name, value in latent.items() if name != KEY} if KEY in latent else latent


def sample_stage(
    task: Run, window: tuple[float, ...], latent: Latent, context: RunContext, *, adds_noise: bool, starts_late: bool
) -> tuple[Samples, Run | None]:
    """Sample one stage of a run, `task` from the stage's first level to the run's last.

    `window` are the levels of the stage itself, which differ from the run's at most in that the last may be 0.
    Without `continuation: exact`, or where it cannot be, only they are sampled, as in ComfyUI, and the user is told.
    `starts_late`: the stage leaves out the first steps of its schedule. Returns the samples, and the run that a next
    stage can go on with.
    """
    plain = replace(task, sigmas=window)
    if context.continuation is None:
        return run(plain, context), None
    name = task.sampler.spec.name
    if name in OWN_LEVELS:
        raise NodeError(f"{name} cannot be continued exactly: {OWN_LEVELS[name]}")
    begun: Checkpoint | None = None
    try:
        if not adds_noise and KEY in latent:
            task, begun = continued(task, latent)
        elif KEY in latent:
            context.warn("it adds noise to a latent that could be continued exactly, so it begins a run of its own")
        elif starts_late and not adds_noise:
            raise Differs("the latent carries no state; the stage before needs continuation: exact too")
    except Differs as reason:
        context.warn(f"not continued exactly, but as ComfyUI does: {reason}")
        return run(plain, context), None
    done = 0 if begun is None else begun.step
    return run(task, context, begun, done + len(window) - 1), task


def continued(task: Run, latent: Latent) -> tuple[Run, Checkpoint]:
    """The run that a latent's stage belongs to, with the levels of `task` from there on, and where it stands.

    Raises Differs when the latent was changed, or when the two are no parts of one run.
    """
    carried: Mapping[str, Any] = latent[KEY]
    if carried.get("version") != VERSION:
        raise Differs("the latent was made by another version of graphexec")
    if codecs.digest(released(latent)) != carried["fits"]:
        raise Differs("the latent was changed since it was sampled")
    step = carried["checkpoint"]["step"]
    levels = tuple(carried["levels"])
    whole = replace(
        task,
        sigmas=(*levels[:step], *task.sigmas),
        latent=carried["latent"],
        noise=carried["noise"],
        mask=carried.get("mask"),
    )
    for what, value in description(whole).items():
        if value is None or value != carried[what]:
            raise Differs(f"{what} is not the same in both stages")
    if levels[step] != task.sigmas[0]:
        ended, starts = levels[step], task.sigmas[0]
        raise Differs(f"the stage before ended at noise level {ended:.6g}, and this one starts at {starts:.6g}")
    if not whole.prefix_stable and whole.sigmas != levels:
        why = LOOKS_AHEAD.get(task.sampler.spec.name, "its mask changes by level")
        raise Differs(f"the levels of the whole run are not those that the stage before knew, and they matter: {why}")
    return whole, restored(carried["checkpoint"], whole.start())


def handed_over(latent: Latent, task: Run, end: Checkpoint, context: RunContext) -> Latent:
    """A stage's result with what the next stage needs; as it is where no noise is left to go on with."""
    if task.sigmas[end.step] <= 0:
        return latent
    fits, parts = codecs.digest(latent), description(task)
    if fits is None or None in parts.values():
        context.warn("its state is not handed over: the model or a conditioning has a part whose content is unknown")
        return latent
    carried = {
        "version": VERSION,
        "fits": fits,
        **parts,
        "levels": list(task.sigmas),
        "latent": task.latent,
        "noise": task.noise,
        "checkpoint": content(end),
    }
    return {**latent, KEY: carried | ({} if task.mask is None else {"mask": task.mask})}


def description(task: Run) -> dict[str, Any]:
    """What must be the same in all stages, by the names that messages use; None where it is unknown."""
    spec = task.sampler.spec
    return {
        "the model, a prompt or the guidance": task.guider.identity,
        "the sampler": codecs.digest([spec.name, dict(task.sampler.settings)]),
        "the seed of the noise that the sampler draws": task.seed if task.seed_counts else 0,
        "the revision of the noise": task.revision,
    }
