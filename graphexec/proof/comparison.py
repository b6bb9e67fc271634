"""The comparison of one new output with the locked one, at three levels: bytes, tensors, perceptual."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from graphexec.errors import NodeError
from graphexec.proof.levels import reaches
from graphexec.proof.model import Level, OutputRecord, Tolerance
from graphexec.proof.outputs import PICTURES, Output, Values, fingerprint_of, values_digest, values_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Metrics:
    """What was measured; None where it was not: `positions` are the pixels, or values, beyond the tolerance."""

    max_error: float | None = None
    max_ulps: int | None = None
    differing: float | None = None
    positions: int | None = None
    psnr: float | None = None
    ssim: float | None = None
    distance: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How an output compares with the lock. `level` is the strictest that it agrees at, None when at none.

    `reasons` say why it does not agree at stricter levels. `expected` is the locked file where it is kept.
    """

    node: str
    index: int
    type: str
    media_type: str
    required: Level
    level: Level | None = None
    metrics: Metrics = Metrics()
    reasons: tuple[str, ...] = ()
    expected: bytes | None = field(default=None, repr=False)
    actual: bytes | None = field(default=None, repr=False)

    @property
    def passed(self) -> bool:
        """Whether the output agrees at the level that is demanded."""
        return reaches(self.level, self.required)


def compare(record: OutputRecord, output: Output, expected: bytes | None, required: Level) -> Comparison:
    """Compare an output with the locked one, whose file is `expected` if it is kept."""
    made = Comparison(
        record.node, record.index, output.type, output.media_type, required, expected=expected, actual=output.content
    )
    if output.digest == record.blake3:
        return replace(made, level="bytes")
    if output.media_type != record.media_type:
        return replace(made, reasons=(f"it is {output.media_type} now, no longer {record.media_type}",))
    try:
        values = values_of(output.media_type, output.content)
        before = values_of(record.media_type, expected)
    except NodeError as error:
        return replace(made, reasons=(f"it cannot be compared: {error}",))
    if values is None:
        return replace(made, reasons=("the bytes differ, and only bytes can be compared",))
    if values_digest(values) == record.values:
        return replace(made, level="tensors", reasons=("the same values in other bytes: another encoder wrote them",))
    distance = _distance(record, output, values)
    if before is None:
        return _without_expected(made, record.tolerance, distance)
    return _values(made, record.tolerance, before, values, distance)


def missing(record: OutputRecord, required: Level, expected: bytes | None) -> Comparison:
    """Return the comparison of an output that is no longer made."""
    reasons = ("the workflow no longer makes this output",)
    return Comparison(
        record.node, record.index, record.type, record.media_type, required, reasons=reasons, expected=expected
    )


def surplus(output: Output, required: Level) -> Comparison:
    """Return the comparison of an output that the lock does not have."""
    reasons = ("the lock has no such output",)
    return Comparison(
        output.node, output.index, output.type, output.media_type, required, reasons=reasons, actual=output.content
    )


def _distance(record: OutputRecord, output: Output, values: Values) -> int | None:
    now = fingerprint_of(output.media_type, values)
    if now is None or record.fingerprint is None:
        return None
    from graphexec.imaging.fingerprint import distance

    return distance(record.fingerprint, now)


def _without_expected(made: Comparison, tolerance: Tolerance, distance: int | None) -> Comparison:
    """Judge by the fingerprint alone."""
    reasons = ["the values differ, and the expected file is not kept: by how much cannot be told"]
    close = distance is not None and distance <= tolerance.distance
    if distance is not None and not close:
        reasons.append(f"{distance} of 64 bits of the fingerprint differ (at most {tolerance.distance})")
    level: Level | None = "perceptual" if close else None
    return replace(made, level=level, metrics=Metrics(distance=distance), reasons=tuple(reasons))


def _values(made: Comparison, tolerance: Tolerance, before: Values, now: Values, distance: int | None) -> Comparison:
    changed = _shape_change(before, now)
    if changed is not None:
        return replace(made, metrics=Metrics(distance=distance), reasons=(changed,))
    picture = made.media_type in PICTURES
    metrics = replace(_measured(tolerance, before, now, picture), distance=distance)
    reasons: list[str] = []
    if metrics.differing is not None and metrics.differing > tolerance.max_differing:
        reasons.append(_beyond(tolerance, metrics, "pixels" if picture else "values"))
    else:
        return replace(made, level="tensors", metrics=metrics, reasons=("the bytes differ",))
    if not picture:
        return replace(made, metrics=metrics, reasons=tuple(reasons))
    if metrics.psnr is not None and metrics.psnr < tolerance.psnr:
        reasons.append(f"PSNR is {metrics.psnr:.2f} dB (at least {tolerance.psnr:g})")
    if metrics.ssim is not None and metrics.ssim < tolerance.ssim:
        reasons.append(f"SSIM is {metrics.ssim:.4f} (at least {tolerance.ssim:g})")
    level: Level | None = "perceptual" if len(reasons) == 1 else None
    return replace(made, level=level, metrics=metrics, reasons=tuple(reasons))


def _shape_change(before: Values, now: Values) -> str | None:
    if before.keys() != now.keys():
        return f"the tensors are {', '.join(sorted(now))}, no longer {', '.join(sorted(before))}"
    for name in before:
        if before[name].shape != now[name].shape:
            return f"{name} has the shape {_shape(now[name])}, no longer {_shape(before[name])}"
        if before[name].dtype != now[name].dtype:
            return f"{name} is {now[name].dtype}, no longer {before[name].dtype}"
    return None


def _shape(values: NDArray[Any]) -> str:
    return " x ".join(map(str, values.shape)) or "of a single value"


def _measured(tolerance: Tolerance, before: Values, now: Values, picture: bool) -> Metrics:
    """Measure arrays of equal names, shapes and types; of several arrays the worst counts."""
    from graphexec.imaging import metrics

    parts = [
        metrics.difference(before[n], now[n], tolerance.max_error, tolerance.max_ulps, channels=picture) for n in before
    ]
    positions = sum(part.count for part in parts)
    total = sum(before[n].size // (before[n].shape[-1] if picture else 1) for n in before)
    made = Metrics(
        max_error=max(part.max_error for part in parts),
        max_ulps=None if picture else max(part.max_ulps for part in parts),
        differing=positions / max(total, 1),
        positions=positions,
    )
    if not picture:
        return made
    first, second = before["pixels"], now["pixels"]
    return replace(made, psnr=metrics.psnr(first, second), ssim=metrics.ssim(first, second))


def _beyond(tolerance: Tolerance, metrics: Metrics, what: str) -> str:
    limits = f"more than {tolerance.max_error:g}" if tolerance.max_error else "at all"
    ulps = f", {metrics.max_ulps} ULPs" if metrics.max_ulps is not None else ""
    allowed = f", {tolerance.max_differing:.3%} may" if tolerance.max_differing else ""
    return (
        f"{metrics.positions} {what} ({metrics.differing:.3%}) differ {limits}{allowed}; "
        f"the largest error is {metrics.max_error:g}{ulps}"
    )
