"""What a verification found, in words: one line for each output, for terminals and reports alike."""

from __future__ import annotations

import math

from graphexec.diagnostics.sanitize import visible
from graphexec.proof.comparison import Comparison, Metrics

_AGREEMENT = {
    "bytes": "the same bytes",
    "tensors": "the same values within the tolerance",
    "perceptual": "looks the same within the tolerance",
    None: "differs",
}


def name_of(comparison: Comparison) -> str:
    """Return what an output is called: its node with type, and its number."""
    return visible(f"node {comparison.node} ({comparison.type}), output {comparison.index}")


def sentence(comparison: Comparison) -> str:
    """Return what was found of an output, with the reasons where it does not agree."""
    if comparison.level == "bytes":
        return _AGREEMENT["bytes"]
    wanted = "" if comparison.passed else f", {comparison.required} is demanded"
    reasons = "; ".join(map(visible, comparison.reasons))
    return f"{_AGREEMENT[comparison.level]}{wanted}: {reasons}"


def metric_rows(metrics: Metrics) -> list[tuple[str, str]]:
    """Return the names and values of what was measured."""
    rows: list[tuple[str, str]] = []
    if metrics.max_error is not None:
        rows.append(("largest error", f"{metrics.max_error:g}"))
    if metrics.max_ulps is not None:
        rows.append(("largest error in ULPs", str(metrics.max_ulps)))
    if metrics.differing is not None:
        rows.append(("beyond the tolerance", f"{metrics.positions} ({metrics.differing:.3%})"))
    if metrics.psnr is not None:
        rows.append(("PSNR", "infinite" if math.isinf(metrics.psnr) else f"{metrics.psnr:.2f} dB"))
    if metrics.ssim is not None:
        rows.append(("SSIM", f"{metrics.ssim:.5f}"))
    if metrics.distance is not None:
        rows.append(("fingerprint", f"{metrics.distance} of 64 bits differ"))
    return rows
