"""Handles: the values of MODEL, CLIP and VAE sockets. A file's part and patches; weights load on first use."""

from __future__ import annotations

from graphexec.diffusion.clip_handle import ClipHandle
from graphexec.diffusion.model_handle import ModelHandle
from graphexec.diffusion.vae_handle import VaeHandle

__all__ = ["ClipHandle", "ModelHandle", "VaeHandle"]
