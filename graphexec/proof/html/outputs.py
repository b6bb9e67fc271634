"""The part of the report about one output: both pictures under a slider, where they differ, and by how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from graphexec.errors import NodeError
from graphexec.proof.comparison import Comparison
from graphexec.proof.html.markup import badge, picture, table, text
from graphexec.proof.outputs import PICTURES, values_of
from graphexec.proof.sentences import metric_rows, name_of, sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[Any]"

_SMALLEST, _LARGEST = 256, 1024
"""Widths at which pictures are shown: small ones enlarged by whole factors, large ones reduced."""


def output(comparison: Comparison) -> str:
    """Return the HTML of one comparison."""
    found = badge("good" if comparison.passed else "bad", comparison.level or "differs")
    rows = [(text(name), f"<code>{text(value)}</code>") for name, value in metric_rows(comparison.metrics)]
    measured = table((), rows, "metrics") if rows else ""
    return (
        f'<article class="output"><h3>{text(name_of(comparison))} {found}</h3><p>{text(sentence(comparison))}</p>'
        f'<div class="row">{_pictures(comparison)}{measured}</div></article>'
    )


def _pictures(comparison: Comparison) -> str:
    media = comparison.media_type
    before, after = _pixels(media, comparison.expected), _pixels(media, comparison.actual)
    if comparison.level == "bytes" and after is not None:
        return _figure(_shown(comparison.actual, media, after, "expected and new picture"), "the same picture")
    if before is not None and after is not None:
        return _both(comparison, before, after) + _heatmap(before, after)
    if before is not None:
        return _figure(_shown(comparison.expected, media, before, "expected picture"), "expected picture")
    return "" if after is None else _figure(_shown(comparison.actual, media, after, "new picture"), "new picture")


def _both(comparison: Comparison, before: Pixels, after: Pixels) -> str:
    slider = (
        f'<div class="compare">{_shown(comparison.expected, comparison.media_type, before, "expected picture")}'
        f'{_shown(comparison.actual, comparison.media_type, after, "new picture", "after")}<span class="handle"></span>'
        '<input type="range" min="0" max="100" value="50" aria-label="how much of the expected picture to show"></div>'
    )
    return _figure(slider, "expected on the left, new on the right")


def _heatmap(before: Pixels, after: Pixels) -> str:
    from graphexec.imaging.heatmap import heatmap

    if before.shape != after.shape:
        return ""
    content, peak = heatmap(before, after)
    return _figure(_shown(content, "image/png", before, "difference"), f"difference: brightest is {peak} of 255")


def _figure(content: str, caption: str) -> str:
    return f"<figure>{content}<figcaption>{text(caption)}</figcaption></figure>"


def _pixels(media_type: str, content: bytes | None) -> Pixels | None:
    """Return the pixels of a picture; None for other files and for what cannot be read."""
    try:
        values = values_of(media_type, content) if media_type in PICTURES else None
    except NodeError:
        return None
    return None if values is None else values["pixels"]


def _shown(content: bytes | None, media_type: str, pixels: Pixels, label: str, kind: str = "") -> str:
    height, width = pixels.shape[1:3]
    factor = max(1, -(-_SMALLEST // width)) if width <= _LARGEST else _LARGEST / width
    return picture(media_type, content or b"", label, (round(width * factor), round(height * factor)), kind)
