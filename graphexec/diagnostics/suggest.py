"""Did-you-mean: the known words most like one that is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, candidates: Iterable[str], limit: int = 3) -> list[str]:
    """Return up to `limit` candidates similar to `word`, the most similar first; letter case counts for nothing."""
    folded: dict[str, str] = {}
    for candidate in candidates:
        folded.setdefault(candidate.casefold(), candidate)
    return [folded[match] for match in get_close_matches(word.casefold(), folded, n=limit, cutoff=0.65)]
