"""Low-rank changes of weights: LoRA, LoHa, LoKr, full differences, and DoRA's renormalisation of any of them.

Sources: LoRA, Hu et al. 2021, arXiv 2106.09685; LoHa and LoKr as LyCORIS has them, Yeh et al. 2023, arXiv 2309.14859
(LoHa after Hyeon-Woo et al. 2021, arXiv 2108.06098); DoRA, Liu et al. 2024, arXiv 2402.09353.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import TypeAlias

import torch
from torch import Tensor

Pieces: TypeAlias = Mapping[str, Tensor]
"""The tensors of one layer by their canonical names: up, down, mid, alpha, hada_w1_a, ..., lokr_w1, ..., dora, diff."""

ENDINGS = {
    r"\.lora_up\.weight|_lora\.up\.weight|\.lora\.up\.weight|\.lora_linear_layer\.up\.weight": "up",
    r"\.lora_down\.weight|_lora\.down\.weight|\.lora\.down\.weight|\.lora_linear_layer\.down\.weight": "down",
    r"\.lora_B(\.default)?\.weight": "up",
    r"\.lora_A(\.default)?\.weight": "down",
    r"\.lora_mid\.weight": "mid",
    r"\.alpha": "alpha",
    r"\.dora_scale|\.lora_magnitude_vector(\.default)?(\.weight)?": "dora",
    r"\.diff|\.diff_w": "diff",
    r"\.diff_b": "diff_b",
    r"\.w_norm": "diff",
    r"\.b_norm": "diff_b",
    **{rf"\.{name}": name for name in ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2")},
    **{rf"\.{name}": name for name in ("lokr_w1", "lokr_w1_a", "lokr_w1_b")},
    **{rf"\.{name}": name for name in ("lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2")},
}
_PATTERNS = [(re.compile(rf"(.+?)(?:{ending})"), name) for ending, name in ENDINGS.items()]


def split_name(name: str) -> tuple[str, str] | None:
    """A tensor's layer and canonical piece, or None for tensors of no known kind."""
    for pattern, piece in _PATTERNS:
        if m := pattern.fullmatch(name):
            return m[1], piece
    return None


def complete(pieces: Container[str]) -> bool:
    """Whether the pieces say what the layer's change is."""
    full = [("up", "down"), ("diff",), ("diff_b",), ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")]
    if any(all(name in pieces for name in names) for names in full):
        return True
    factors = [(f"lokr_{w}",) if f"lokr_{w}" in pieces else (f"lokr_{w}_a", f"lokr_{w}_b") for w in ("w1", "w2")]
    return all(name in pieces for names in factors for name in names)


def delta(pieces: Pieces) -> Tensor:
    """The change of the weight at strength 1, float32, of any shape with the weight's number of elements."""
    p = {name: tensor.float() for name, tensor in pieces.items()}
    if "diff" in p:
        return p["diff"]
    if "up" in p:
        low_rank, rank = _lora(p), p["down"].shape[0]
    elif "hada_w1_a" in p:
        low_rank, rank = _loha(p), p["hada_w1_b"].shape[0]
    else:
        return _lokr(p)
    return low_rank * (float(p["alpha"]) / rank if "alpha" in p else 1.0)


def _lora(p: Pieces) -> Tensor:
    """up down; with a middle (Tucker) tensor, down and up are its factors over inputs and outputs."""
    up, down = p["up"].flatten(1), p["down"].flatten(1)
    if "mid" in p:
        return torch.einsum("o r, r s k l, s i -> o i k l", up, p["mid"], down)
    return up @ down


def _loha(p: Pieces) -> Tensor:
    """(w1a w1b) * (w2a w2b), elementwise; Tucker factors over the kernel where the file has them."""
    factors = []
    for n in ("1", "2"):
        a, b = p[f"hada_w{n}_a"], p[f"hada_w{n}_b"]
        core = p.get(f"hada_t{n}")
        factors.append(a @ b if core is None else torch.einsum("i j k l, j r, i p -> p r k l", core, b, a))
    return factors[0] * factors[1]


def _lokr(p: Pieces) -> Tensor:
    """The Kronecker product of two factors, each whole or of low rank; alpha counts if one is of low rank."""
    first = p["lokr_w1"] if "lokr_w1" in p else p["lokr_w1_a"] @ p["lokr_w1_b"]
    rank = None if "lokr_w1" in p else p["lokr_w1_b"].shape[0]
    if "lokr_w2" in p:
        second = p["lokr_w2"]
    else:
        a, b, core = p["lokr_w2_a"], p["lokr_w2_b"], p.get("lokr_t2")
        rank = b.shape[0]
        second = a @ b.flatten(1) if core is None else torch.einsum("i j k l, j r, i p -> p r k l", core, b, a)
        if core is None and b.ndim > 2:
            second = second.reshape(a.shape[0], *b.shape[1:])
    first = first.reshape((*first.shape, *[1] * (second.ndim - first.ndim)))
    scale = float(p["alpha"]) / rank if "alpha" in p and rank is not None else 1.0
    product: Tensor = torch.kron(first, second.contiguous())
    return product * scale


def renormalised(weight: Tensor, change: Tensor, magnitude: Tensor) -> Tensor:
    """DoRA: weight + change with its rows (or columns) scaled to the lengths in `magnitude`.

    `magnitude` has an entry a row (`(O,)` or `(O, 1, ...)`) or, in older LyCORIS files, a column (`(1, I, ...)`).
    """
    merged = weight + change
    rows = magnitude.shape[0] == magnitude.numel() == weight.shape[0]
    along = [dim for dim in range(weight.ndim) if dim != (0 if rows else 1)]
    length: Tensor = torch.linalg.vector_norm(merged, dim=along, keepdim=True)
    return merged * (magnitude.float().reshape(length.shape) / (length + torch.finfo(merged.dtype).eps))
