"""Loading a checkpoint: from one file, the handles of the models in it."""

from __future__ import annotations

from pathlib import Path

from graphexec.diffusion.devices import CPU, Placement
from graphexec.diffusion.handles import ModelHandle
from graphexec.diffusion.loading.family import find_family, find_unet
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.weights import WeightsFile, open_weights
from graphexec.diffusion.memory import WeightsPool


def load_unet(path: Path, pool: WeightsPool, placement: Placement = CPU) -> ModelHandle:
    """Return the diffusion model in a file. Reads the header only. Raises BadModelFile when there is none."""
    file = open_weights(path)
    model = _model(file, pool, placement)
    if model is None:
        raise BadModelFile(path, "holds no diffusion model")
    return model


def _model(file: WeightsFile, pool: WeightsPool, placement: Placement) -> ModelHandle | None:
    found = find_unet(file)
    if found is None:
        return None
    unet, layout = found
    return ModelHandle(unet, layout, find_family(unet, layout), pool, placement)
