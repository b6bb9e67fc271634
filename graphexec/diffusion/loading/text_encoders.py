"""Which text encoders condition which family, and how their states are taken."""

from __future__ import annotations

from graphexec.diffusion.clip_handle import Role, TextEncoder
from graphexec.diffusion.loading.family import FamilyName
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.parts import Part
from graphexec.diffusion.loading.text_parts import find_text_encoders
from graphexec.diffusion.loading.weights import WeightsFile
from graphexec.diffusion.models.clip_text import text_layout

ROLES: dict[FamilyName, tuple[Role, ...]] = {
    "sd1": ("l",),
    "sd2": ("h",),
    "sdxl": ("l", "g"),
    "sdxl-refiner": ("g",),
}


def checkpoint_encoders(file: WeightsFile, family: FamilyName) -> tuple[TextEncoder, ...]:
    """The text encoders in a checkpoint, in the family's order; none when the file lacks one of them."""
    found = {"l" if layout == "transformers" else "open": part for part, layout in find_text_encoders(file)}
    parts = [found.get("l" if role == "l" else "open") for role in ROLES[family]]
    if any(part is None for part in parts):
        return ()
    return tuple(encoder(role, part, family) for role, part in zip(ROLES[family], parts) if part is not None)


def encoder(role: Role, part: Part, family: FamilyName) -> TextEncoder:
    """A text encoder in its role for a family. Raises BadModelFile when tensors are missing.

    SD1 takes the last layer's states, the others the last but one's; SDXL does not norm them. CLIP L pads with its
    end token, OpenCLIP with 0.
    """
    try:
        layout = text_layout(part.shapes, "quick_gelu" if role == "l" else "gelu")
    except KeyError as error:
        raise BadModelFile(part.file.path, f"its text encoder lacks the tensor {error}") from error
    layer = None if family == "sd1" else -2
    normed = family in ("sd1", "sd2")
    return TextEncoder(role, part, layout, layer, normed, **({} if role == "l" else {"pad": 0}))
