"""Which text encoders condition which family, and how their states are taken."""

from __future__ import annotations

from collections.abc import Sequence

from graphexec.diffusion.clip_handle import Role, TextEncoder
from graphexec.diffusion.loading.family import FamilyName
from graphexec.diffusion.loading.header import BadModelFile
from graphexec.diffusion.loading.parts import Part
from graphexec.diffusion.loading.text_parts import Layout, find_text_encoders
from graphexec.diffusion.loading.weights import WeightsFile
from graphexec.diffusion.models.clip_text import text_layout
from graphexec.errors import NodeError

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


def loose_encoders(files: Sequence[WeightsFile]) -> tuple[TextEncoder, ...]:
    """The text encoders in files of their own, in the order that their family has them.

    A single one is SD1's CLIP L, SD2's OpenCLIP H or the refiner's OpenCLIP G; two are SDXL's L and G. Raises
    BadModelFile for files without a text encoder, NodeError for two that are no pair.
    """
    found: dict[Role, Part] = {}
    for file in files:
        encoders = find_text_encoders(file)
        if len(encoders) != 1:
            raise BadModelFile(file.path, f"holds {len(encoders) or 'no'} text encoders, expected one")
        part, layout = encoders[0]
        found[_role(part, layout, pair=len(files) > 1)] = part
    if len(files) > 1 and found.keys() != {"l", "g"}:
        names = " and ".join(file.path.name for file in files)
        raise NodeError(f"{names} are not the two text encoders of SDXL, CLIP L and OpenCLIP G")
    families: dict[Role, FamilyName] = {"l": "sd1", "h": "sd2", "g": "sdxl-refiner"}
    family: FamilyName = "sdxl" if len(files) > 1 else families[next(iter(found))]
    return tuple(encoder(role, found[role], family) for role in ROLES[family])


def _role(part: Part, layout: Layout, pair: bool) -> Role:
    """Which encoder this is: L has 12 layers, H 24 (23 in files of diffusers), G 32. OpenCLIP's layout is not L's."""
    layers = {name.split(".")[3] for name in part.sources if name.startswith("text_model.encoder.layers.")}
    if len(layers) > 24 or (pair and layout == "openclip"):
        return "g"
    return "h" if len(layers) > 22 or layout == "openclip" else "l"


def encoder(role: Role, part: Part, family: FamilyName) -> TextEncoder:
    """A text encoder in its role for a family. Raises BadModelFile when tensors are missing.

    SD1 takes the last layer's states, the others the last but one's; SDXL does not norm them. CLIP L pads with its
    end token, OpenCLIP with 0.
    """
    try:
        layout = text_layout(part.shapes, "quick_gelu" if role == "l" else "gelu")
    except KeyError as error:
        raise BadModelFile(part.file.path, f"its text encoder lacks the tensor {error}") from error
    last = family == "sd1" or (role == "h" and layout.layers == 23)  # files of diffusers lack the 24th of H's layers
    layer = None if last else -2
    normed = family in ("sd1", "sd2")
    return TextEncoder(role, part, layout, layer, normed, **({} if role == "l" else {"pad": 0}))
