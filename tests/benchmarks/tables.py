"""What a benchmark returns: tables and plots, as text for a terminal and for a page."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

MISSING = "–"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under their columns; `notes` say how to read them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """The table in columns of equal width."""
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in (self.columns, *self.rows)]
        notes = [f"  {note}" for note in self.notes]
        return "\n".join([f"== {self.title}", *(line.rstrip() for line in lines), *notes])

    def markdown(self) -> str:
        """The table as a page has it."""
        head = [f"| {' | '.join(self.columns)} |", f"|---|{'--:|' * (len(self.columns) - 1)}"]
        rows = [f"| {' | '.join(row)} |" for row in self.rows]
        notes = [f"- {note}" for note in self.notes]
        return "\n".join([f"**{self.title}**", "", *head, *rows, *(["", *notes] if notes else [])])


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture that was written beside a page."""

    title: str
    path: Path

    def text(self) -> str:
        """Where it is."""
        return f"== {self.title}: {self.path}"

    def markdown(self) -> str:
        """The picture as a page in the directory above shows it."""
        return f"![{self.title}]({self.path.parent.name}/{self.path.name})"


Part = Table | Plot


def spread(values: Sequence[float], unit: str = "s", factor: float = 1.0) -> str:
    """Median and range of some measurements, such as `1.43 s (1.40–1.51)`."""
    if not values:
        return MISSING
    scaled = [value * factor for value in values]
    middle = number(statistics.median(scaled))
    return f"{middle} {unit} ({number(min(scaled))}–{number(max(scaled))})" if len(values) > 1 else f"{middle} {unit}"


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{decimals}f}"


def ratio(theirs: Sequence[float], ours: Sequence[float]) -> str:
    """How many times as long theirs took, by medians."""
    return f"{statistics.median(theirs) / statistics.median(ours):.2f}×" if theirs and ours else MISSING


def gigabytes(count: int | None) -> str:
    """Bytes in GB of 10^9, or a dash."""
    return MISSING if not count else f"{count / 1e9:.2f} GB"


def inserted(page: str, name: str, heading: str, parts: Iterable[Part]) -> str:
    """The page with these results between `<!-- NAME -->` and `<!-- /NAME -->`. Raises ValueError without the marks."""
    first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    if page.count(first) != 1 or page.count(last) != 1:
        raise ValueError(f"the page has no place for {name}: {first.strip()} ... {last}")
    before, _, rest = page.partition(first)
    _, _, after = rest.partition(last)
    block = "\n\n".join([heading, *(part.markdown() for part in parts)])
    return f"{before}{first}{block}\n{last}{after}"
