"""The shipped model draws what prompts say: a sample of the figures in its card, which one command measures in full."""

from __future__ import annotations

import re

import pytest

from workflows.shapes.evaluate import CARD, COLUMNS, Renderer, Request, Row, main, table, wishes
from workflows.shapes.judging import Wish, judge, rates
from workflows.shapes.reading import read
from workflows.shapes.scenes import is_kept

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """The table for 12 prompts and one seed."""
    return list(table(Renderer(), prompts=12, seeds=1))


def test_held_out_prompts_are_drawn_as_well_as_the_card_says(rows: list[Row]) -> None:
    by_name = {row.name: rates(row.verdicts) for row in rows}
    assert by_name["the evaluator on rendered truth"]["wholly"] >= 0.97
    held = by_name["prompts of held-out combinations"]
    assert held["background"] == held["colour"] == 1 and held["right"] >= 11 / 12 and held["place"] >= 0.8
    assert by_name["control: the same pictures, shuffled captions"]["right"] <= 1 / 12


def test_guidance_makes_the_difference(rows: list[Row]) -> None:
    """At cfg 1 fewer pictures are right than at cfg 5, or none is wrong at either."""
    by_name = {row.name: rates(row.verdicts)["wholly"] for row in rows}
    guided, free = by_name["prompts of held-out combinations"], by_name["held-out combinations without guidance, cfg 1"]
    assert free <= guided


def test_prompts_of_the_test_are_different_and_of_kept_combinations() -> None:
    asked = wishes(100, kept=True)
    assert len(set(asked)) == 100
    assert all(is_kept(wish.shape, wish.colour, wish.background) for wish in asked)
    assert sum(wish.size is not None for wish in asked) > 30 and sum(wish.place is not None for wish in asked) > 30


def test_another_seed_is_another_picture_of_the_same() -> None:
    wish = Wish("circle", "red", "blue")
    first, second = Renderer().render([Request(wish.prompt(), seed) for seed in (3, 4)])
    assert abs(first - second).max() > 0.5
    assert judge(read(first), wish).right and judge(read(second), wish).right


def test_the_card_holds_measured_figures() -> None:
    found = re.search(r"\| prompts of held-out combinations \| (\d+) \|(.+)\|", CARD.read_text())
    assert found and int(found[1]) >= 300
    figures = dict(zip(COLUMNS, map(float, found[2].split("|"))))
    assert min(figures[name] for name in ("background", "colour", "right", "size", "place")) >= 0.95


def test_the_command_prints_the_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["evaluate", "--prompts", "2", "--seeds", "1"])
    main()
    assert "| prompts of held-out combinations | 2 |" in capsys.readouterr().out
