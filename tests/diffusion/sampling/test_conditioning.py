"""Conditioning: areas, masks, ranges and their weights."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphexec.diffusion.conditioning import Area, Condition, bounds, edge_fade, opposed, resolve, with_shared_controls
from graphexec.errors import NodeError
from tests.diffusion.sampling.toy import SD, says

X = torch.zeros(2, 4, 16, 24)


def resolved(size=(16, 24), **options):
    return resolve(says(1.0, **options)[0], SD, size)


def condition(area=None, value=0.0, **fields):
    return Condition(torch.full((1, 1, 1), float(value)), area=area and Area(*area), **fields)


def test_plain_entry_counts_everywhere_at_every_level():
    plain = resolved()
    assert plain.area is None
    assert plain.active(1e9)
    assert plain.active(0.0)
    assert torch.equal(plain.weight(X), torch.ones(2, 1, 16, 24))


def test_percentages_are_rounded_to_cells_and_never_empty():
    assert resolved(area=("percentage", 0.5, 0.01, 0.26, 0.5)).area == Area(8, 1, 4, 12)


def test_area_is_cut_at_the_edge_and_refused_outside():
    assert resolved(area=(8, 30, 12, 20)).area == Area(4, 4, 12, 20)
    with pytest.raises(NodeError, match=r"begins at \(0, 160\), outside the latent of 192x128 pixels"):
        resolved(area=(8, 8, 20, 0))


def test_area_fades_over_eight_cells_towards_inner_edges_only():
    fade = edge_fade(Area(16, 20, 0, 4), torch.zeros(1, 4, 16, 40))
    assert torch.equal(fade[0], fade[7])  # the whole height: no fade above and below
    ramp = [(k + 1) / 5 for k in range(5)]  # a quarter of 20 cells
    assert fade[0].tolist() == pytest.approx([*ramp, *[1.0] * 10, *ramp[::-1]])


def test_area_with_a_mask_does_not_fade():
    mask = torch.rand(1, 16, 24)
    weight = resolved(area=(8, 8, 4, 4), mask=mask, mask_strength=0.5, strength=2.0).weight(X)
    torch.testing.assert_close(weight, mask[:, None, 4:12, 4:12].expand(2, 1, 8, 8))


def test_mask_of_another_size_is_resized_and_shared_by_the_batch():
    mask = torch.zeros(1, 32, 48)
    mask[:, :, 24:] = 1
    weight = resolved(mask=mask, strength=0.25).weight(X)
    assert weight.shape == (2, 1, 16, 24)
    assert torch.equal(weight[1, 0], torch.cat([torch.zeros(16, 12), torch.full((16, 12), 0.25)], dim=1))


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 32), st.integers(1, 32))
def test_bounds_are_the_smallest_rectangle_of_at_least_eight_cells(y, x, height, width):
    mask = torch.zeros(2, 32, 32)
    mask[1, y : y + height, x : x + width] = 0.5
    rows, columns = min(height, 32 - y), min(width, 32 - x)
    assert bounds(mask) == (max(8, rows), max(8, columns), y, x)


def test_bounds_of_an_empty_mask():
    assert bounds(torch.zeros(1, 32, 32)) == (8, 8, 0, 0)


def test_mask_bounds_become_the_area():
    mask = torch.zeros(1, 16, 24)
    mask[:, 3:13, 5:20] = 1
    assert resolved(mask=mask, set_area_to_bounds=True).area == Area(10, 15, 3, 5)


def test_timestep_range_counts_between_its_levels():
    middle = resolved(start_percent=0.25, end_percent=0.75)
    first, last = SD.percent_to_sigma(0.25), SD.percent_to_sigma(0.75)
    assert [middle.active(s) for s in (first * 1.001, first, last, last * 0.999)] == [False, True, True, False]
    assert resolved(start_percent=0.0, end_percent=1.0).active(14.7)


def test_area_gets_its_counterpart_from_the_smallest_covering_condition():
    everywhere, large, small = condition(value=1), condition((12, 12, 0, 0), 2), condition((8, 8, 1, 1), 3)
    asked = condition((4, 4, 2, 2), 9, strength=0.3, first=5.0)
    found = opposed([everywhere, large, small], [asked])
    assert found[:3] == [everywhere, large, small]
    assert found[3].context is small.context
    assert (found[3].area, found[3].strength, found[3].first) == (asked.area, 0.3, 5.0)
    assert opposed([everywhere], [asked])[1].context is everywhere.context


def test_no_counterpart_without_area_or_where_the_area_is_there():
    same = condition((4, 4, 2, 2))
    assert opposed([same], [condition((4, 4, 2, 2)), condition()]) == [same]
    assert opposed([condition((4, 4, 8, 8))], [same]) != [same]
    assert len(opposed([condition((4, 4, 8, 8))], [same])) == 1  # nothing covers it


def test_shared_controls_reach_the_negative_side():
    control = object()
    shared = [condition(control=control, control_shared=True)]
    assert with_shared_controls([condition()], shared)[0].control is control
    own = [condition(control=object())]
    assert with_shared_controls(own, shared) == own
    assert with_shared_controls([condition()], [condition(control=control)])[0].control is None
