"""The value of a CLIP socket: one or two text encoders, their patches, and how a prompt becomes conditioning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, TypeAlias

import torch

from graphexec.diffusion.devices import CPU, Placement
from graphexec.diffusion.identity import handle_identity
from graphexec.diffusion.loading.embeddings import EmbeddingFiles
from graphexec.diffusion.loading.modules import load_module
from graphexec.diffusion.loading.parts import Part
from graphexec.diffusion.memory import WeightsPool
from graphexec.diffusion.models.clip_text import ClipText, TextLayout
from graphexec.diffusion.patches import Patch
from graphexec.diffusion.prompt_tokens import missing_embeddings, token_groups
from graphexec.diffusion.text_encoding import Encoded, encode_windows
from graphexec.diffusion.tokenizer import END
from graphexec.diffusion.windows import Window, windows
from graphexec.hashing import Plain

Role: TypeAlias = Literal["l", "g", "h"]
Conditioning: TypeAlias = list[list[Any]]
Tokens: TypeAlias = dict[str, list[Window]]


@dataclass(frozen=True)
class TextEncoder:
    """A text encoder of a family. `layer`: whose states condition the UNet, None for the last; `normed`: whether the
    final norm is applied to them; `pad` the token behind the end token.
    """

    role: Role
    part: Part
    layout: TextLayout
    layer: int | None = None
    normed: bool = True
    pad: int = END


@dataclass(frozen=True)
class ClipHandle:
    """Text encoders: the value of a CLIP socket. Cheap to make and to copy; equal handles do the same."""

    encoders: tuple[TextEncoder, ...]
    pool: WeightsPool = field(compare=False, repr=False)
    placement: Placement = CPU
    patches: tuple[Patch, ...] = ()
    layer: int | None = None
    embeddings: EmbeddingFiles | None = field(default=None, compare=False, repr=False)

    def clone(self) -> ClipHandle:
        """A handle of its own, for node packs that patch what they were given."""
        return replace(self)

    def with_patch(self, *patches: Patch) -> ClipHandle:
        """These encoders with further patches, applied after those they have."""
        return replace(self, patches=(*self.patches, *patches))

    def with_layer(self, layer: int) -> ClipHandle:
        """These encoders with the states of another layer wanted, counted from the end: -1 is the last."""
        return replace(self, layer=layer)

    @property
    def identity(self) -> str | None:
        """A digest of files, patches, layer and placement, or None when a patch has none. Reads whole files once."""
        roles: list[Plain] = [[e.role, e.layer, e.normed, e.pad] for e in self.encoders]
        parts = [encoder.part for encoder in self.encoders]
        return handle_identity("clip", parts, self.patches, self.placement, [roles, self.layer])

    def tokenize(self, text: str) -> Tokens:
        """Windows of 77 weighted tokens for every encoder, by its role; embeddings that are missing are left out."""
        return {
            encoder.role: windows(token_groups(text, encoder.role, encoder.layout.width, self.embeddings), encoder.pad)
            for encoder in self.encoders
        }

    def missing_embeddings(self, text: str) -> list[str]:
        """The names of the embeddings that a prompt asks for and that are not there."""
        return missing_embeddings(text, self.embeddings)

    def encode(self, text: str) -> Conditioning:
        """Conditioning for a prompt: `[[states (1, T, D), {"pooled_output": (1, P)}]]`, float32, T = 77 a window."""
        return self.encode_tokens(self.tokenize(text))

    def encode_tokens(self, tokens: Tokens, options: Mapping[str, Any] | None = None) -> Conditioning:
        """Conditioning for windows of tokens; `options` are added to it.

        The states of several encoders stand side by side, as many as the shortest has; the last one's pooled output
        is taken (Podell et al. 2023, arXiv 2307.01952, section 2.1).
        """
        encoded = [self._encode(encoder, tokens[encoder.role]) for encoder in self.encoders]
        length = min(states.shape[1] for states, _ in encoded)
        states = torch.cat([states[:, :length] for states, _ in encoded], dim=-1)
        return [[states, {"pooled_output": encoded[-1].pooled, **(options or {})}]]

    def _encode(self, encoder: TextEncoder, rows: list[Window]) -> Encoded:
        place = self.placement
        build = partial(ClipText, encoder.layout)
        scope = f"{encoder.role}."
        module = load_module(encoder.part, build, self.pool, place.text_dtype, place.device, self.patches, scope)
        layer = encoder.layer if self.layer is None else self.layer
        if layer is not None and -layer > encoder.layout.layers:
            layer = None
        return encode_windows(module, rows, encoder.pad, layer, encoder.normed)
