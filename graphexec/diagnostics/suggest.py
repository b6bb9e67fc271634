"""Did-you-mean: the known words most like one that is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

CUTOFF = 0.6
"""The least similarity of a suggestion: two typing mistakes in five letters, one in three."""

LONGEST = 200
"""Words longer than this are texts rather than names; nothing is suggested for them."""


def nearest(word: str, candidates: Iterable[str], limit: int = 3) -> list[str]:
    """Return up to `limit` different candidates similar to `word`, the most similar first.

    Letter case, spaces and punctuation hardly count; two swapped letters are one mistake; a name that contains
    the word (`tiny` in `tiny-sd1.safetensors`), or is contained in it, is similar too.
    """
    if not word or len(word) > LONGEST:
        return []
    ranked = [(-similarity(word, c), c) for c in dict.fromkeys(candidates) if c and len(c) <= LONGEST]
    return [candidate for score, candidate in sorted(ranked) if -score >= CUTOFF][:limit]


def similarity(word: str, other: str) -> float:
    """Return how alike two names are: 1 for equal ones, 0 for those that cannot reach the cut-off."""
    if word == other:
        return 1.0
    a, bare_a, stem_a = _forms(word)
    b, bare_b, stem_b = _forms(other)
    if a == b:
        return 0.99
    if bare_a and bare_a == bare_b:
        return 0.98
    score = _edit_similarity(a, b)
    shorter, longer = (bare_a, bare_b) if len(bare_a) <= len(bare_b) else (bare_b, bare_a)
    if len(shorter) >= 3 and shorter in longer:
        score = max(score, 0.65 + 0.3 * len(shorter) / len(longer))
    if stem_a is not None and stem_b is not None:  # file names: the same stem with another suffix
        score = max(score, 0.95 * _edit_similarity(stem_a, stem_b))
    return score


@lru_cache(maxsize=4096)
def _forms(text: str) -> tuple[str, str, str | None]:
    """Return a name without letter case, its letters and digits alone, and its stem if it has a suffix.

    Remembered, because the same hundreds of node types are the candidates for each unknown one.
    """
    folded = text.casefold()
    bare = "".join(c for c in folded if c.isalnum())
    return folded, bare, folded.rpartition(".")[0] if "." in folded else None


def edit_distance(a: str, b: str) -> int:
    """Return the number of insertions, deletions, replacements and swaps of neighbours between two texts.

    The optimal string alignment distance, the restricted form of Damerau, "A technique for computer detection and
    correction of spelling errors", CACM 7(3), 1964: no substring is edited twice.
    """
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _edit_similarity(a: str, b: str) -> float:
    """Return 1 minus the edit distance over the longer length, or 0 where a bound already rules it out."""
    longest = max(len(a), len(b), 1)
    allowed = int((1 - CUTOFF) * longest + 1e-9)
    if abs(len(a) - len(b)) > allowed:
        return 0.0
    surplus = sum(max(a.count(c) - b.count(c), 0) for c in set(a))  # letters of a that b lacks: an edit each
    if max(surplus, surplus + len(b) - len(a)) > allowed:
        return 0.0
    return 1 - edit_distance(a, b) / longest
