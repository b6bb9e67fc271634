"""What tells one handle from another: the digest of its files, patches and placement."""

from __future__ import annotations

from collections.abc import Iterable

from graphexec.diffusion.devices import Placement
from graphexec.diffusion.loading.parts import Part
from graphexec.diffusion.patches import Patch
from graphexec.hashing import Plain, digest


def handle_identity(
    kind: str, parts: Iterable[Part], patches: Iterable[Patch], placement: Placement, more: Plain = None
) -> str | None:
    """The digest of a handle, or None when one of its patches has none. Reads whole files, once each."""
    identities: list[Plain] = [patch.identity for patch in patches]
    if None in identities:
        return None
    files: list[Plain] = [part.identity for part in parts]
    dtypes = (placement.dtype, placement.autoencoder_dtype, placement.text_dtype)
    place: list[Plain] = [placement.device.type, *map(str, dtypes)]
    return digest(kind, [files, identities, place, more])
