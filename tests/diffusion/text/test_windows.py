"""Windows: every token once and in order, groups kept together, padding by encoder."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from graphexec.diffusion.tokenizer import END, START
from graphexec.diffusion.windows import WINDOW, empty_window, windows

groups = st.lists(st.lists(st.tuples(st.integers(1, 49000), st.floats(-2, 2)), max_size=200), max_size=8)


@given(groups, st.sampled_from([0, END]))
def test_every_token_stands_once_and_in_order(given_groups, pad):
    rows = windows(given_groups, pad)
    inside = []
    for row in rows:
        assert len(row) == WINDOW and row[0] == (START, 1.0)
        end = next(i for i, (token, _) in enumerate(row) if token == END)
        assert all(token == (pad, 1.0) for token in row[end + 1 :])
        inside += row[1:end]
    assert inside == [token for group in given_groups for token in group]


@given(st.lists(st.integers(1, 7), min_size=1, max_size=60))
def test_short_groups_are_never_split(sizes):
    rows = windows([[(100 + n, 1.0)] * size for n, size in enumerate(sizes)], END)
    for n, size in enumerate(sizes):
        counts = [sum(token == 100 + n for token, _ in row) for row in rows]
        assert sorted(counts)[-1] == size and sum(counts) == size


def test_long_groups_fill_windows():
    rows = windows([[(5, 1.0)] * 3, [(6, 1.0)] * 160], END)
    assert [sum(token == 6 for token, _ in row) for row in rows] == [72, 75, 13]


def test_exactly_75_tokens_fit():
    assert len(windows([[(5, 1.0)] * 75], END)) == 1
    assert len(windows([[(5, 1.0)] * 76], END)) == 2


def test_the_empty_prompt_is_one_window():
    assert windows([], 0) == [empty_window(0)] == [[(START, 1.0), (END, 1.0), *[(0, 1.0)] * 75]]
