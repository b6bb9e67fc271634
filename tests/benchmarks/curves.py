"""Plots of cost against size, as small SVG files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.tables import Plot

Curve = Sequence[tuple[float, float]]


def drawn(
    path: Path, title: str, axes: tuple[str, str], curves: Mapping[str, Curve], lines: Mapping[str, Curve] | None = None
) -> Plot:
    """Draw curves of (size, cost) on logarithmic axes; `lines` are drawn thin, to compare with. Needs matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "graphexec", "font.size": 9})
    from matplotlib import pyplot
    from matplotlib.ticker import NullFormatter, ScalarFormatter

    figure, plot = pyplot.subplots(figsize=(5.2, 3.2), layout="constrained")
    for label, curve in (lines or {}).items():
        plot.plot(*zip(*curve), linestyle=":", color="grey", linewidth=1, label=label)
    for label, curve in curves.items():
        plot.plot(*zip(*curve), marker="o", markersize=4, label=label)
    plot.set(title=title, xlabel=axes[0], ylabel=axes[1], xscale="log", yscale="log")
    sizes = sorted({size for curve in curves.values() for size, _ in curve})
    plot.set_xticks(sizes, [f"{size:,g}" for size in sizes])
    plot.xaxis.set_minor_formatter(NullFormatter())
    for formatter, axis in ((ScalarFormatter(), plot.yaxis),):
        formatter.set_scientific(False)
        axis.set_major_formatter(formatter)
    plot.grid(alpha=0.3)
    plot.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return Plot(title, path)


def proportional(curve: Curve, power: float = 1.0) -> Curve:
    """The curve that grows with a power of the size, through the first point of a curve."""
    first, cost = curve[0]
    return [(size, cost * (size / first) ** power) for size, _ in curve]
